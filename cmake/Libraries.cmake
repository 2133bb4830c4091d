# The libraries Ringside stands on, each as an interface target. All are in Debian and Ubuntu; a missing one is named
# with its package.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

function(ringside_library name package)
  add_library(ringside_${name} INTERFACE)
  set(found TRUE)
  foreach(lib IN LISTS ARGN)
    find_library(RINGSIDE_LIB_${lib} ${lib})
    if(NOT RINGSIDE_LIB_${lib})
      message(FATAL_ERROR "lib${lib} is missing: install the package ${package} (or run ./quickstart)")
    endif()
    target_link_libraries(ringside_${name} INTERFACE ${RINGSIDE_LIB_${lib}})
  endforeach()
endfunction()

ringside_library(nettle nettle-dev nettle)
ringside_library(zydis libzydis-dev Zydis)
ringside_library(zstd libzstd-dev zstd)
ringside_library(elf libdw-dev dw elf)
ringside_library(readline libreadline-dev readline)
ringside_library(ncursesw libncurses-dev ncursesw tinfo)
ringside_library(sqlite libsqlite3-dev sqlite3)

# Graphviz keeps its headers in a folder of their own, which pkg-config knows.
pkg_check_modules(GVC REQUIRED IMPORTED_TARGET libgvc libcgraph)
add_library(ringside_graphviz INTERFACE)
target_link_libraries(ringside_graphviz INTERFACE PkgConfig::GVC)
