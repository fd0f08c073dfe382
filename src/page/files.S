// The page's files between two symbols. MI2_PAGE_FILES is a quoted path from CMake.
    .section .rodata
    .global mi2_page_files
    .global mi2_page_files_end
    .hidden mi2_page_files
    .hidden mi2_page_files_end
    .balign 16
mi2_page_files:
    .incbin MI2_PAGE_FILES
mi2_page_files_end:
    .byte 0

    .section .note.GNU-stack, "", %progbits
