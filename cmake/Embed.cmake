# Text files as C: the style and the script of a report are files of their own, which an editor knows how to colour and a
# browser how to load, and end up in the program as strings. (Adding #embed to C took until C23.)
#
#   ringside_embed(target NAME FILE)   const char NAME[] in `target`
#   cmake -DIN=… -DOUT=… -DNAME=… -P cmake/Embed.cmake   what the build calls
if(CMAKE_SCRIPT_MODE_FILE)
  file(READ ${IN} bytes HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
  string(REGEX REPLACE "(................................................................................)" "\\1\n" bytes "${bytes}")
  file(WRITE ${OUT} "extern const char ${NAME}[];\nconst char ${NAME}[] = {\n${bytes}0};\n")
  return()
endif()

set(RINGSIDE_EMBED ${CMAKE_CURRENT_LIST_FILE})

function(ringside_embed target name file)
  set(out ${CMAKE_BINARY_DIR}/embed/${name}.c)
  add_custom_command(
    OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DIN=${PROJECT_SOURCE_DIR}/${file} -DOUT=${out} -DNAME=${name} -P ${RINGSIDE_EMBED}
    DEPENDS ${PROJECT_SOURCE_DIR}/${file} ${RINGSIDE_EMBED}
    VERBATIM)
  target_sources(${target} PRIVATE ${out})
endfunction()
