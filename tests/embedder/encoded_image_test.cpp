// One file, many frames: each prepared alone, and exactly one where one is asked for.

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.hpp"
#include "dicom/builder.hpp"
#include "embedder/inputs.hpp"
#include "support/expect_error.hpp"
#include "support/paths.hpp"

#include <mi2/embedder.hpp>
#include <mi2/encoded_image.hpp>
#include <mi2/error.hpp>
#include <mi2/frames.hpp>

namespace mi2 {
namespace {

using testing::ElementsAre;

const Embedder& model() {
  static const Embedder embedder = Embedder::open(test::starter_model());
  return embedder;
}

/// 8-bit grey of 6 x 4; frame f (from 0) is uniform, of value 10 * f. Without a count it is one frame.
std::vector<std::byte> object(int frames) {
  std::string pixels;
  for (int frame = 0; frame < frames; ++frame) pixels += std::string(24, static_cast<char>(10 * frame));
  dicom::testing::Dataset data = dicom::testing::picture("MONOCHROME2", 4, 6, 8);
  if (frames > 1) data.text(0x00280008, "IS", std::to_string(frames));
  data.text(0x00281050, "DS", "128").text(0x00281051, "DS", "256");
  return data.put(dicom::testing::kPixels, "OB", pixels).file();
}

ImageOptions choosing(std::string_view frames) {
  ImageOptions options;
  options.frames = parse_frames(frames);
  return options;
}

/// The grey level of a uniform frame.
int level(const Pixels& pixels) { return pixels.samples.at(0); }

std::vector<int> levels(int frames, std::string_view selection) {
  const EncodedImage image = model().open_image(object(frames), "a.dcm", choosing(selection));
  std::vector<int> found;
  for (std::uint64_t i = 0; i < image.size(); ++i) found.push_back(level(image.prepare(i)));
  return found;
}

TEST(EncodedImage, EachFrameIsTheOneThatWasChosen) {
  EXPECT_THAT(levels(7, "all"), ElementsAre(0, 10, 20, 30, 40, 50, 60));
  EXPECT_THAT(levels(7, "middle"), ElementsAre(30));
  EXPECT_THAT(levels(7, "2"), ElementsAre(10));
  EXPECT_THAT(levels(7, "every:3"), ElementsAre(0, 30, 60));
  EXPECT_THAT(levels(7, "center:2"), ElementsAre(20, 30));
}

TEST(EncodedImage, SaysWhichFrameItIs) {
  const EncodedImage image = model().open_image(object(7), "a.dcm", choosing("every:3"));
  ASSERT_EQ(image.size(), 3U);
  EXPECT_EQ(image.place(0), (FramePlace{1, 7}));
  EXPECT_EQ(image.place(2), (FramePlace{7, 7}));
  test::expect_error(Code::kBadArgument, {"a.dcm", "3"}, [&] { return image.prepare(3); });
}

TEST(EncodedImage, AFrameIsWhatPreparingItAloneGives) {
  const EncodedImage image = model().open_image(object(5), "a.dcm", choosing("all"));
  for (std::uint64_t i = 0; i < 5; ++i) {
    const ImageOptions alone = choosing(std::to_string(i + 1));
    EXPECT_EQ(image.prepare(i).samples, model().prepare(object(5), "a.dcm", alone).samples);
  }
  EXPECT_EQ(image.prepare(2).samples, model().prepare(object(5), "a.dcm").samples) << "the middle one";
}

TEST(EncodedImage, FramesComeFromSeveralThreads) {
  const EncodedImage image = model().open_image(object(8), "a.dcm", choosing("all"));
  std::vector<int> found(8);
  std::vector<std::thread> threads;
  for (std::uint64_t i = 0; i < 8; ++i) threads.emplace_back([&, i] { found[i] = level(image.prepare(i)); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(found, ElementsAre(0, 10, 20, 30, 40, 50, 60, 70));
}

TEST(EncodedImage, APhotographIsOneFrame) {
  const auto photograph = base::read_file(test::golden_data() / "images" / "grey.jpg", 1U << 30U);
  const EncodedImage image = model().open_image(photograph, "grey.jpg", choosing("all"));
  ASSERT_EQ(image.size(), 1U);
  EXPECT_EQ(image.place(0), (FramePlace{1, 1}));
  EXPECT_EQ(image.prepare(0).samples, model().prepare(photograph, "grey.jpg").samples);
  test::expect_error(Code::kBadArgument, {"from 1 to 1", "2"},
                     [&] { return model().open_image(photograph, "grey.jpg", choosing("2")); });
}

TEST(EncodedImage, ServesWhereExactlyOneFrameIsAskedFor) {
  test::expect_error(Code::kBadArgument, {"row 3", "one frame", "7", "'all'", "middle"},
                     [] { return model().prepare(object(7), "row 3", choosing("all")); });
  test::expect_error(Code::kBadArgument, {"row 3", "3", "'every:3'"},
                     [] { return model().prepare(object(7), "row 3", choosing("every:3")); });
  test::expect_error(Code::kBadArgument, {"row 3", "from 1 to 7", "8"},
                     [] { return model().prepare(object(7), "row 3", choosing("8")); });
  EXPECT_EQ(level(model().prepare(object(1), "one", choosing("all"))), 0);
  EXPECT_EQ(level(model().prepare(object(7), "several", choosing("7"))), 60);
}

TEST(FramesOf, FilesAndFramesComeInOrderAndErrorsInTheirPlaces) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "mi2_frames_of";
  std::filesystem::create_directories(folder);
  const auto write = [&](const char* name, std::span<const std::byte> bytes) {
    base::AtomicFile file(folder / name);
    file.write(bytes);
    file.commit();
    return (folder / name).string();
  };
  const std::vector<std::byte> whole = object(3);
  const std::vector<embedder::Input> inputs{{write("a.dcm", whole), std::nullopt},
                                            {write("b.dcm", std::span(whole).first(200)), std::nullopt},
                                            {"gone", Error(Code::kNotFound, "gone: not there")},
                                            {write("c.dcm", object(2)), std::nullopt}};
  const embedder::NextItem next =
      embedder::frames_of(inputs, 1U << 30U, [](std::vector<std::byte> encoded, std::string_view name) {
        return model().open_image(std::move(encoded), name, choosing("all"));
      });
  std::string seen;
  embedder::PipelineOptions options;
  options.batch = 2;
  embedder::prepare_all(next, options, [&](std::span<embedder::Ready> batch) {
    for (const embedder::Ready& item : batch) {
      const std::string name = std::filesystem::path(item.name).stem().string();
      seen += item.error ? "!" + name : name + std::to_string(item.frame->number);
    }
  });
  EXPECT_EQ(seen, "a1a2a3!b!gonec1c2");
}

}  // namespace
}  // namespace mi2
