# Fail when a kernel object exports a weak symbol from outside its own namespace: the linker keeps one copy of such a
# symbol, and it could be the copy compiled for a newer CPU.
string(REPLACE "|" ";" OBJECTS "${OBJECTS}")
foreach(object IN LISTS OBJECTS)
  execute_process(COMMAND ${NM} --demangle --defined-only ${object} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "[^\n]* [WVu] [^\n]*" weak "${symbols}")
  foreach(symbol IN LISTS weak)
    if(NOT symbol MATCHES "ossian::(scalar|avx2|avx512)::|DW\\.ref\\.")
      message(SEND_ERROR "${object} exports a weak symbol from outside its namespace: ${symbol}")
    endif()
  endforeach()
endforeach()
