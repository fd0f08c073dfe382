// Prints the vectors of an image and of a text as two JSON arrays:   example MODEL IMAGE TEXT
#include <cstdio>
#include <span>
#include <string>

#include <mi2/mi2.hpp>

static void print(std::span<const float> vector) {
  for (std::size_t i = 0; i < vector.size(); ++i) std::printf("%c%.9g", i == 0 ? '[' : ',', double{vector[i]});
  std::printf("]\n");
}

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: example MODEL IMAGE TEXT\n");
    return 2;
  }
  try {
    const mi2::Embedder embedder = mi2::Embedder::open(argv[1]);
    const mi2::Pixels image = embedder.prepare_file(argv[2]);
    const std::string text = argv[3];
    print(embedder.embed_images({&image, 1}).row(0));
    print(embedder.embed_texts({&text, 1}).vectors.row(0));
  } catch (const mi2::Error& error) {
    std::fprintf(stderr, "example: %s\n", error.what());
    return 1;
  }
}
