// Any bytes as the XML of a reading: refused with mi2::Error, or marks that label tiles.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <mi2/error.hpp>

#include "recipe/lidc_tiles.hpp"
#include "recipe/lidc_xml.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mi2;
  using namespace mi2::recipe;
  try {
    const LidcFile file = parse_lidc({reinterpret_cast<const char*>(data), size}, "fuzz");
    SliceMarks marks;
    marks.readers = file.reading.readers;
    for (const Lesion& lesion : file.reading.lesions) {
      if (lesion.reader >= marks.readers || lesion.kind == LesionKind::kNone) std::abort();
      if (lesion.malignancy < 0 || lesion.malignancy > 5) std::abort();
      for (const Outline& outline : lesion.outlines) marks.marks.push_back({&lesion, &outline});
    }
    constexpr int kSize = 512;
    for (const ReaderRule rule : {ReaderRule::kAny, ReaderRule::kMajority}) {
      for (const TileLabel& label : label_tiles(marks, rule, kSize, kSize)) {
        if (label.kind != LesionKind::kNone && label.is_free) std::abort();
        if (label.malignancy && label.kind != LesionKind::kNodule) std::abort();
      }
    }
  } catch (const Error&) {
    // A refusal is an answer.
  }
  return 0;
}
