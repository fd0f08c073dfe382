// Puts each data file between two symbols: mi2_text_NAME and mi2_text_NAME_end. MI2_TEXT_* are quoted paths from CMake.
    .section .rodata
#define RESOURCE(name, path)        \
    .global mi2_text_##name;        \
    .global mi2_text_##name##_end;  \
    .hidden mi2_text_##name;        \
    .hidden mi2_text_##name##_end;  \
    .balign 16;                     \
    mi2_text_##name:;               \
    .incbin path;                   \
    mi2_text_##name##_end:;         \
    .byte 0

RESOURCE(merges, MI2_TEXT_MERGES)
RESOURCE(html_entities, MI2_TEXT_HTML_ENTITIES)
RESOURCE(char_classes, MI2_TEXT_CHAR_CLASSES)
RESOURCE(charmaps, MI2_TEXT_CHARMAPS)

    .section .note.GNU-stack, "", %progbits
