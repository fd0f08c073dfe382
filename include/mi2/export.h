#ifndef MI2_EXPORT_H
#define MI2_EXPORT_H
/* What libmi2.so shows; everything else in it is hidden. */

#define MI2_EXPORT __attribute__((visibility("default")))
#define MI2_HIDDEN __attribute__((visibility("hidden")))

#endif
