/* Prints the vectors of an image and of a text as two JSON arrays:   example MODEL IMAGE TEXT */
#include <stdio.h>
#include <stdlib.h>

#include <mi2/mi2.h>

static void print(const float* vector, size_t count) {
  for (size_t i = 0; i < count; ++i) printf("%c%.9g", i == 0 ? '[' : ',', (double)vector[i]);
  printf("]\n");
}

int main(int argc, char** argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: example MODEL IMAGE TEXT\n");
    return 2;
  }
  const char* image = argv[2];
  const char* text = argv[3];
  const mi2_options options = {.size = sizeof options};
  mi2_embedder* embedder = NULL;
  mi2_status status = mi2_open(argv[1], &options, &embedder);
  const size_t dimensions = mi2_dimensions(embedder);
  float* vectors = calloc(2 * dimensions + 1, sizeof(float));
  if (status == MI2_OK) status = mi2_embed_files(embedder, &image, 1, vectors, dimensions);
  if (status == MI2_OK) status = mi2_embed_texts(embedder, &text, 1, vectors + dimensions, dimensions, NULL);
  if (status == MI2_OK) {
    print(vectors, dimensions);
    print(vectors + dimensions, dimensions);
  } else {
    fprintf(stderr, "example: %s\n", mi2_last_error());
  }
  free(vectors);
  mi2_close(embedder);
  return status == MI2_OK ? 0 : 1;
}
