// Paths to images: what a folder holds, and what is told of what cannot be read.

#include <filesystem>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "embedder/inputs.hpp"
#include "support/expect_error.hpp"

namespace mi2::embedder {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
namespace fs = std::filesystem;

constexpr std::string_view kPngHead = "\x89PNG\r\n\x1a\n";

void write(const fs::path& path, std::string_view content) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

fs::path fresh_folder(const std::string& name) {
  fs::path folder = fs::path(testing::TempDir()) / ("mi2_inputs_" + name);
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

TEST(Sniffing, KnowsImagesByTheirFirstBytes) {
  const auto looks = [](std::string_view head) { return looks_like_image(std::as_bytes(std::span(head))); };
  using namespace std::string_view_literals;
  EXPECT_TRUE(looks("\x89PNG\r\n\x1a\n"sv));
  EXPECT_TRUE(looks("\xFF\xD8\xFF\xE0"sv));
  EXPECT_TRUE(looks("RIFF\0\0\0\0WEBPVP8 "sv));
  EXPECT_TRUE(looks("II*\0"sv));
  EXPECT_TRUE(looks("MM\0*"sv));
  EXPECT_TRUE(looks(std::string(128, '\0') + "DICM"));
  EXPECT_FALSE(looks(""sv));
  EXPECT_FALSE(looks("RIFF\0\0\0\0WAVE"sv));
  EXPECT_FALSE(looks("\x89PNG\n\x1a\n"sv)) << "line ends were rewritten: the decoder refuses it";
  EXPECT_FALSE(looks("RIFF\0\0\0\0WEBPnope"sv));
  EXPECT_TRUE(looks("GIF89a"sv));
  EXPECT_TRUE(looks("BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0"sv));
  EXPECT_FALSE(looks("BMW made a car that is no image"sv));
  EXPECT_FALSE(looks("%PDF-1.7"sv)) << "recognised only to be refused by name";
  EXPECT_FALSE(looks("II"sv));
  EXPECT_FALSE(looks("plain text, long enough to be looked at"sv));
}

TEST(ExpandPaths, FoldersBecomeTheirImagesByName) {
  const fs::path folder = fresh_folder("walk");
  for (const char* name : {"b.png", "a/z.png", "a/y", ".hidden.png", "DICOMDIR"}) write(folder / name, kPngHead);
  write(folder / "notes.txt", "no image");
  fs::create_directory_symlink(folder, folder / "a" / "up");
  const std::vector<std::string> paths{"given.png", folder.string(), "-"};
  const ExpandedPaths found = expand_paths(paths);
  std::vector<std::string> names;
  for (const Input& input : found.inputs) {
    EXPECT_FALSE(input.error);
    names.push_back(input.path);
  }
  const std::string root = folder.string();
  EXPECT_THAT(names, ElementsAre("given.png", root + "/a/y", root + "/a/z.png", root + "/b.png", "-"));
  EXPECT_EQ(found.skipped, 2U);
}

TEST(ExpandPaths, FolderWithoutImagesIsAnInputWithAnError) {
  const fs::path folder = fresh_folder("empty");
  write(folder / "notes.txt", "no image");
  const std::vector<std::string> paths{folder.string()};
  const ExpandedPaths found = expand_paths(paths);
  ASSERT_EQ(found.inputs.size(), 1U);
  ASSERT_TRUE(found.inputs[0].error);
  EXPECT_EQ(found.inputs[0].error->code(), Code::kNotFound);
}

TEST(ExpandPaths, StandardInputIsReadOnce) {
  const std::vector<std::string> paths{"-", "a", "-"};
  test::expect_error(Code::kBadArgument, {"standard input"}, [&] { expand_paths(paths); });
}

TEST(ItemsOf, ReadsFilesWhenPreparedAndHandsOnKnownErrors) {
  const fs::path file = fresh_folder("items") / "a.bin";
  const std::vector<Input> inputs{{file.string(), std::nullopt}, {"b", Error(Code::kNotFound, "b: gone")}};
  std::string seen;
  const NextItem next = items_of(inputs, 3, [&](std::span<const std::byte> encoded, std::string_view name) {
    seen = std::string(name) + std::to_string(encoded.size());
    return Pixels{1, 1, {}};
  });
  std::optional<Item> first = next();
  const std::optional<Item> second = next();
  EXPECT_FALSE(next());
  ASSERT_TRUE(first && second);
  write(file, "abc");
  EXPECT_TRUE(first->prepare().image);
  EXPECT_EQ(seen, file.string() + "3");
  test::expect_error(Code::kNotFound, {"b: gone"}, [&] { second->prepare(); });
  write(file, "abcd");
  test::expect_error(Code::kTooLarge, {"a.bin"}, [&] { first->prepare(); });
}

}  // namespace
}  // namespace mi2::embedder
