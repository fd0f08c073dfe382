# Text files as one, for a program to hold: cmake -D OUT=FILE -D "FILES=a;b" -P mi2_bundle.cmake. Before each stands a line
# "%file NAME", with its name without its ending.
set(all "")
foreach(path IN LISTS FILES)
  get_filename_component(name ${path} NAME_WE)
  file(READ ${path} text)
  string(APPEND all "%file ${name}\n${text}")
endforeach()
file(WRITE ${OUT} "${all}")
