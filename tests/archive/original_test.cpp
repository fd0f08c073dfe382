// The file that an object was added from, as long as it is what was added.

#include "archive/original.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <mi2/error.hpp>

#include "archive/object_facts.hpp"
#include "archive/packed.hpp"
#include "archive/zipped.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"
#include "image/png.hpp"
#include "support/expect_error.hpp"
#include "support/temporary_folder.hpp"
#include "support/zips.hpp"

namespace mi2::archive {
namespace {

constexpr std::uint64_t kPlenty = 1U << 20;

void write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

/// An object that was added from a file as it is now.
Original added(const std::filesystem::path& path) {
  return {path.string(), base::sha256_hex(base::read_file(path, kPlenty)),
          number_of(stamp_of(embedder::Input{path.string()}))};
}

/// What becomes of it, and what was handed over.
struct Read {
  OriginalState state = OriginalState::kThere;
  std::string text;
};

Read read(const Original& original, std::uint64_t max_bytes = kPlenty) {
  Read found;
  found.state = with_original(original, max_bytes, [&](std::span<const std::byte> bytes) {
    found.text.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  });
  return found;
}

class OriginalFile : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path path(const std::string& name) const { return folder_.path() / name; }

 private:
  test::TemporaryFolder folder_;
};

TEST_F(OriginalFile, IsHandedOverWhileItIsWhatWasAdded) {
  write(path("a"), "abc");
  Original object = added(path("a"));
  EXPECT_EQ(read(object).state, OriginalState::kThere);
  EXPECT_EQ(read(object).text, "abc");
  // Another time is another stamp; the hash says that nothing else is.
  std::filesystem::last_write_time(path("a"), std::filesystem::file_time_type{});
  EXPECT_EQ(read(object).text, "abc");
  EXPECT_EQ(read(object, 2).state, OriginalState::kTooLarge) << "more than what is hashed";
  object.stamp.reset();
  EXPECT_EQ(read(object).text, "abc");
}

TEST_F(OriginalFile, IsNotHandedOverOnceItHasOtherBytesOrIsGone) {
  write(path("a"), "abc");
  const Original object = added(path("a"));
  write(path("a"), "abcd");
  EXPECT_EQ(read(object).state, OriginalState::kChanged);
  EXPECT_EQ(read(object).text, "");
  std::filesystem::remove(path("a"));
  EXPECT_EQ(read(object).state, OriginalState::kGone);
  std::filesystem::create_directory(path("a"));
  EXPECT_EQ(read(object).state, OriginalState::kUnreadable);
}

TEST_F(OriginalFile, ThatIsWrittenToWhileItIsReadIsWorthNothing) {
  write(path("a"), "abc");
  const Original object = added(path("a"));
  const auto cut = [&](std::span<const std::byte>) { write(path("a"), "x"); };
  EXPECT_EQ(with_original(object, kPlenty, cut), OriginalState::kChanged);
  write(path("a"), "abc");
  const auto cut_and_fail = [&](std::span<const std::byte>) {
    write(path("a"), "x");
    throw Error(Code::kBadFile, "cut");
  };
  EXPECT_EQ(with_original(added(path("a")), kPlenty, cut_and_fail), OriginalState::kChanged);
}

TEST_F(OriginalFile, ThatCannotBeDecodedIsNotSaidToHaveChanged) {
  write(path("a"), "abc");
  const auto fail = [](std::span<const std::byte>) { throw Error(Code::kUnsupported, "no picture"); };
  test::expect_error(Code::kUnsupported, {"no picture"},
                     [&] { static_cast<void>(with_original(added(path("a")), kPlenty, fail)); });
}

TEST_F(OriginalFile, OfANetworkIsNoFile) {
  for (const char* const locator : {"http:abc", "dicomweb:https://pacs.example/studies/1", "a/relative/path"}) {
    EXPECT_EQ(read(Original{locator, {}}).state, OriginalState::kNoFile) << locator;
  }
}

/// An object that was added from a zip as it is now.
Original added_from(const std::filesystem::path& zip, const std::string& entry, const std::string& text) {
  LastZip zips;
  const embedder::Input input = zipped_input(zip.string(), zip.string() + '/' + entry, zips);
  return {input.path, base::sha256_hex(std::as_bytes(std::span(text))), number_of(stamp_of(input))};
}

TEST_F(OriginalFile, InAZipIsUnpackedWhileItIsWhatWasAdded) {
  for (const bool deflate : {false, true}) {
    test::write_zip(path("a.zip"), {{"in/a", "abc"}, {"../b", "climbs"}, {"/etc/passwd", "root"}}, deflate);
    Original object = added_from(path("a.zip"), "in/a", "abc");
    EXPECT_EQ(read(object).state, OriginalState::kThere);
    EXPECT_EQ(read(object).text, "abc");
    EXPECT_EQ(read(object, 2).state, OriginalState::kTooLarge);
    // A name is a name, never a path.
    EXPECT_EQ(read(added_from(path("a.zip"), "../b", "climbs")).text, "climbs");
    EXPECT_EQ(read(added_from(path("a.zip"), "/etc/passwd", "root")).text, "root");
    // In another zip of the same content only the hash says so.
    test::write_zip(path("a.zip"), {{"in/a", "abc"}, {"more", "x"}}, deflate);
    EXPECT_EQ(read(object).text, "abc");
    object.stamp.reset();
    EXPECT_EQ(read(object).text, "abc");
  }
}

TEST_F(OriginalFile, InAZipIsNotHandedOverOnceItHasOtherBytesOrIsGone) {
  test::write_zip(path("a.zip"), {{"a", "abc"}});
  const Original object = added_from(path("a.zip"), "a", "abc");
  test::write_zip(path("a.zip"), {{"a", "abcd"}});
  EXPECT_EQ(read(object).state, OriginalState::kChanged);
  test::write_zip(path("a.zip"), {{"b", "abc"}});
  EXPECT_EQ(read(object).state, OriginalState::kGone);
  write(path("a.zip"), "no zip any more");
  EXPECT_EQ(read(object).state, OriginalState::kChanged);
  std::filesystem::remove(path("a.zip"));
  EXPECT_EQ(read(object).state, OriginalState::kGone);
}

TEST_F(OriginalFile, InAZipThatLiesIsNotBelieved) {
  const std::string large(2'000'000, 'x');
  for (const std::uint32_t lie : {100U, 3'000'000U, 1U << 30U}) {
    test::write_zip(path("a.zip"), {{"a", large}});
    Original object = added_from(path("a.zip"), "a", large);
    EXPECT_EQ(read(object, 1U << 22).text, large);
    test::announce(path("a.zip"), lie);
    object.stamp = added_from(path("a.zip"), "a", large).stamp;  // as if nobody had seen
    const OriginalState state = read(object, 1U << 22).state;
    EXPECT_TRUE(state == OriginalState::kChanged || state == OriginalState::kTooLarge) << lie;
    EXPECT_EQ(read(object, 1U << 22).text, "") << lie;
  }
}

TEST_F(OriginalFile, InAZipIsReadAnewOnceTheZipIsAnother) {
  LastZip zips;
  const std::string zip = path("a.zip").string();
  test::write_zip(zip, {{"a", "abc"}});
  const embedder::Input input = zipped_input(zip, zip + "/a", zips);
  EXPECT_EQ(input.read(kPlenty).size(), 3U);
  test::write_zip(zip, {{"b", "x"}, {"a", "abcd"}});
  EXPECT_EQ(input.read(kPlenty).size(), 4U);
}

TEST(Picture, FitsTheSideThatIsAskedForAndIsInvertedOnDemand) {
  const std::vector<std::uint8_t> samples{0, 50, 100, 150, 200, 250, 0, 255};
  const std::vector<std::byte> file = image::encode_png({4, 2, 1, samples});
  Picture picture = picture_of(file, 0, {}, {}, "a");
  EXPECT_EQ(picture.columns, 4);
  EXPECT_EQ(picture.rows, 2);
  EXPECT_FALSE(picture.window) << "a window changes nothing of it";
  EXPECT_EQ(image::decode_png(picture.png, {}, "a").samples, samples);
  PictureOptions wanted;
  wanted.invert = true;
  wanted.window = Window{40, 400};
  picture = picture_of(file, 0, {}, wanted, "a");
  EXPECT_FALSE(picture.window);
  std::vector<std::uint8_t> inverted;
  for (const std::uint8_t sample : samples) inverted.push_back(static_cast<std::uint8_t>(255 - sample));
  EXPECT_EQ(image::decode_png(picture.png, {}, "a").samples, inverted);
  wanted.side = 2;
  const image::Image small = image::decode_png(picture_of(file, 0, {}, wanted, "a").png, {}, "a");
  EXPECT_EQ(small.width, 2);
  EXPECT_EQ(small.height, 1);
  ImageOptions few;
  few.max_pixels = 7;
  test::expect_error(Code::kTooLarge, {"a: "}, [&] { static_cast<void>(picture_of(file, 0, few, {}, "a")); });
  test::expect_error(Code::kBadArgument, {"a: "}, [&] { static_cast<void>(picture_of(file, 1, {}, {}, "a")); });
}

}  // namespace
}  // namespace mi2::archive
