# An exit passes through five floors in a quarter of a microsecond: a release build lets GCC optimize across them. Only the
# programs whose speed counts are linked so (ringside_fast); the objects also hold plain code, for the tests.
set(RINGSIDE_LTO OFF)
if(CMAKE_C_COMPILER_ID STREQUAL GNU AND CMAKE_BUILD_TYPE STREQUAL Release AND NOT RINGSIDE_SANITIZE)
  set(RINGSIDE_LTO ON)
endif()

function(ringside_fast target)
  if(RINGSIDE_LTO)
    target_link_options(${target} PRIVATE -flto=auto)
  endif()
endfunction()

# Warnings are errors with the compilers this tree is built with every day. A newer one may warn about more: that must not
# keep anybody from building, so there they are only shown.
set(werror OFF)
if((CMAKE_C_COMPILER_ID STREQUAL GNU AND CMAKE_C_COMPILER_VERSION VERSION_LESS 15) OR
   (CMAKE_C_COMPILER_ID STREQUAL Clang AND CMAKE_C_COMPILER_VERSION VERSION_LESS 15))
  set(werror ON)
endif()
option(RINGSIDE_WERROR "Treat warnings as errors" ${werror})
if(RINGSIDE_WERROR)
  set(RINGSIDE_WERROR_FLAG -Werror)
endif()

# libFuzzer needs all code to count its branches (tests/fuzz).
option(RINGSIDE_FUZZ "Build for libFuzzer, with sanitizers (clang only)" OFF)
if(RINGSIDE_FUZZ AND NOT CMAKE_C_COMPILER_ID STREQUAL Clang)
  message(FATAL_ERROR "RINGSIDE_FUZZ needs clang: -DCMAKE_C_COMPILER=clang")
endif()

# ringside_flags(target): our warnings on our code.
function(ringside_flags target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wshadow -Wconversion ${RINGSIDE_WERROR_FLAG})
  target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR})
  if(RINGSIDE_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=address,undefined -fno-sanitize-recover=undefined
                                             -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE -fsanitize=address,undefined)
  endif()
  if(RINGSIDE_FUZZ)
    # Also in a Debug build with -O1: what is asked for is many inputs a second, and stack traces stay readable.
    target_compile_options(${target} PRIVATE -O1 -fsanitize=fuzzer-no-link,address,undefined
                                             -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE -fsanitize=address,undefined)
  endif()
endfunction()

# ringside_floor(name folder libraries...): one static library of all C files below a folder, as target floor_NAME (plain names
# will not do: CMake takes the word "debug" for something else). Libraries are floors' names or targets.
function(ringside_floor name folder)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.c)
  add_library(floor_${name} STATIC ${sources})
  set_target_properties(floor_${name} PROPERTIES OUTPUT_NAME ringside-${name})
  ringside_flags(floor_${name})
  if(RINGSIDE_LTO)
    target_compile_options(floor_${name} PRIVATE -flto=auto -ffat-lto-objects)
  endif()
  foreach(library IN LISTS ARGN)
    if(TARGET floor_${library})
      target_link_libraries(floor_${name} PUBLIC floor_${library})
    else()
      target_link_libraries(floor_${name} PUBLIC ${library})
    endif()
  endforeach()
endfunction()
