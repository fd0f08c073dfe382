// Each file between two symbols: mi2_recipe_NAME and mi2_recipe_NAME_end. MI2_RECIPES and the like are quoted paths from
// CMake.
    .section .rodata
#define FILE(name, path)              \
    .global mi2_recipe_##name;        \
    .global mi2_recipe_##name##_end;  \
    .hidden mi2_recipe_##name;        \
    .hidden mi2_recipe_##name##_end;  \
    .balign 16;                       \
    mi2_recipe_##name:;               \
    .incbin path;                     \
    mi2_recipe_##name##_end:;         \
    .byte 0

FILE(list, MI2_RECIPES)
FILE(label_texts, MI2_LABEL_TEXTS)
FILE(fine_tuning, MI2_FINE_TUNING)
FILE(figures, MI2_FIGURES)

    .section .note.GNU-stack, "", %progbits
