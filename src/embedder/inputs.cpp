#include "embedder/inputs.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "embedder/preparer.hpp"

namespace mi2::embedder {

std::vector<std::byte> read_input(const Input& input, std::uint64_t max_bytes) {
  if (input.error) throw Error(*input.error);
  return input.read ? input.read(max_bytes) : read_input(input.path, max_bytes);
}

std::vector<std::byte> read_input(const std::string& path, std::uint64_t max_bytes) {
  return path == "-" ? read_standard_input(max_bytes) : read_image(path, max_bytes);
}

std::vector<std::byte> read_standard_input(std::uint64_t max_bytes) {
  std::vector<std::byte> content;
  std::array<std::byte, 65536> block;
  for (;;) {
    const ssize_t got = ::read(STDIN_FILENO, block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw Error(Code::kBadFile, fmt::format("-: cannot read standard input: {}", std::strerror(errno)));
    if (got == 0) return content;
    content.insert(content.end(), block.begin(), block.begin() + got);
    if (content.size() > max_bytes) {
      throw Error(Code::kTooLarge, fmt::format("-: standard input holds more than {} bytes", max_bytes));
    }
  }
}

NextItem items_of(std::span<const Input> inputs, std::uint64_t max_bytes, PrepareImage prepare) {
  return [=, prepare = std::move(prepare), next = std::size_t{0}]() mutable -> std::optional<Item> {
    if (next == inputs.size()) return std::nullopt;
    const Input& input = inputs[next++];
    return Item{input.path, std::nullopt, [&input, max_bytes, prepare] {
                  return Prepared{prepare(read_input(input, max_bytes), input.path), std::nullopt};
                }};
  };
}

NextItem frames_of(NextImage images, OpenImage open) {
  return [images = std::move(images), open = std::move(open), name = std::string(), frame = std::uint64_t{0},
          image = std::shared_ptr<const EncodedImage>()]() mutable -> std::optional<Item> {
    std::optional<std::variant<Encoded, Item>> next;
    if (!image) {
      next = images();
      if (!next) return std::nullopt;
      if (Item* item = std::get_if<Item>(&*next)) return std::move(*item);
      name = std::get<Encoded>(*next).name;
    }
    std::uint64_t opened = 0;
    try {
      if (!image) {
        const Encoded& encoded = std::get<Encoded>(*next);
        if (encoded.open) {
          image = std::make_shared<const EncodedImage>(encoded.open());
        } else {
          std::vector<std::byte> bytes = encoded.read();
          opened = bytes.size();
          image = std::make_shared<const EncodedImage>(open(std::move(bytes), name));
        }
        frame = 0;
      }
      const std::uint64_t i = frame++;
      Item item{name, image->place(i), [image, i] { return Prepared{image->prepare(i), std::nullopt}; }, opened};
      if (frame == image->size()) image.reset();
      return item;
    } catch (...) {
      // Thrown where the item is prepared, so that the one rule says whose error it is.
      image.reset();
      return Item{name, std::nullopt,
                  [error = std::current_exception()]() -> Prepared { std::rethrow_exception(error); }};
    }
  };
}

NextItem frames_of(std::span<const Input> inputs, std::uint64_t max_bytes, OpenImage open) {
  return frames_of(
      [inputs, max_bytes, next = std::size_t{0}]() mutable -> std::optional<std::variant<Encoded, Item>> {
        if (next == inputs.size()) return std::nullopt;
        const Input& input = inputs[next++];
        return Encoded{input.path, [&input, max_bytes] { return read_input(input, max_bytes); }};
      },
      std::move(open));
}

}  // namespace mi2::embedder
