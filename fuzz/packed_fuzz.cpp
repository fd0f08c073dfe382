// Any bytes as a packed file: either refused with mi2::Error, or every block it announces can be read. Checksums would
// stop almost every input at the door, so the header gets the one it needs.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <mi2/error.hpp>
#include "weights/config.hpp"
#include "weights/packed_file.hpp"

namespace {

using namespace mi2::weights;

std::string with_right_checksum(std::string bytes) {
  const SafeTensors file = SafeTensors::parse(std::as_bytes(std::span(bytes)), "fuzz");
  const auto found = file.metadata().find("mi2.header");
  if (found == file.metadata().end() || found->second.empty()) return bytes;
  const std::string sum = header_checksum(file);
  if (const std::size_t at = bytes.find(found->second); found->second.size() == sum.size() && at != std::string::npos) {
    bytes.replace(at, sum.size(), sum);
  }
  return bytes;
}

void read_all(const std::shared_ptr<const PackedFile>& file) {
  BlocksOfFile blocks(file);
  unsigned sum = 0;
  for (const std::string& name : file->names()) {
    const auto block = file->find(name);
    for (std::size_t i = 0; i < block->layout.bytes; ++i) sum += static_cast<unsigned>(block->data.get()[i]);
    blocks.take(name, {&block->layout, 1});
  }
  blocks.finish();
  volatile unsigned used = sum;
  static_cast<void>(used);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static mi2::base::ThreadPool pool(1);
  try {
    const std::string bytes = with_right_checksum({reinterpret_cast<const char*>(data), size});
    const auto file = std::make_shared<const PackedFile>(SafeTensors::parse(std::as_bytes(std::span(bytes)), "fuzz"));
    read_all(file);
    parse_config(file->info().config, "fuzz");
    file->verify(pool);
  } catch (const mi2::Error&) {
  }
  return 0;
}
