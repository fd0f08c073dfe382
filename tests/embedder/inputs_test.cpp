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

using namespace std::string_literals;
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
  for (const char* name : {"b.png", "a/z.png", "a/y", ".hidden.png"}) write(folder / name, kPngHead);
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
  EXPECT_EQ(reasons_of(found.skipped), "1 linked folder, 1 no image");
}

/// An object of this SOP class, with pixel data or without.
std::string object(const std::string& sop_class, bool pixels, std::size_t padding = 0) {
  const auto element = [](std::string_view tag, std::string_view vr, const std::string& value) {
    const std::string size{static_cast<char>(value.size() & 0xFF), static_cast<char>(value.size() >> 8)};
    return std::string(tag) + std::string(vr) + size + value;
  };
  using namespace std::string_view_literals;
  std::string out = std::string(128, '\0') + "DICM" + element("\x02\0\x10\0"sv, "UI", "1.2.840.10008.1.2.1\0"s) +
                    element("\x08\0\x16\0"sv, "UI", sop_class + (sop_class.size() % 2 == 0 ? "" : " "));
  if (padding > 0) out += element("\x09\0\x10\x10"sv, "LT", std::string(padding, ' '));
  if (pixels) out += "\xE0\x7F\x10\0OW\0\0\x02\0\0\0ab"s;
  return out;
}

const std::string kCt = "1.2.840.10008.5.1.4.1.1.2";

TEST(ExpandPaths, ContentDecidesAndWhatIsNotReadIsCountedByReason) {
  const fs::path folder = fresh_folder("content");
  write(folder / "image without a name", kPngHead);
  write(folder / "DICOMDIR", object(kCt, true));
  write(folder / "ct", object(kCt, true, 6000));
  write(folder / "no-preamble", object(kCt, true).substr(132 + 28));
  write(folder / "report", object("1.2.840.10008.5.1.4.1.1.88.11", false));
  write(folder / "state.dcm", object("1.2.840.10008.5.1.4.1.1.11.1", false));
  write(folder / "structures", object("1.2.840.10008.5.1.4.1.1.481.3", false, 6000));
  write(folder / "private", object("1.2.3", false, 6000));
  write(folder / "anim", "8BPS and more");
  write(folder / "docs.zip", "PK\x03\x04 and more");
  write(folder / "notes.txt", "no image");
  write(folder / "nothing", "");
  const std::vector<std::string> paths{folder.string()};
  const ExpandedPaths found = expand_paths(paths);
  std::vector<std::string> names;
  for (const Input& input : found.inputs) {
    EXPECT_FALSE(input.error) << input.path;
    names.push_back(fs::path(input.path).filename());
  }
  EXPECT_THAT(names, ElementsAre("DICOMDIR", "ct", "image without a name", "no-preamble"));
  EXPECT_EQ(
      reasons_of(found.skipped),
      "1 DICOM without pixels: RT structure set, 1 DICOM without pixels: other, 1 DICOM without pixels: presentation "
      "state, 1 DICOM without pixels: structured report, 1 Photoshop (PSD), 1 archive, 1 empty, 1 no image");
}

TEST(ExpandPaths, WhatIsNamedAsAnImageAndIsNoneIsAFailure) {
  const fs::path folder = fresh_folder("named");
  write(folder / "a.png", "garbage");
  write(folder / "b.DCM", "");
  write(folder / "c.nii.gz", "no gzip");
  write(folder / "d.txt", "");
  const std::vector<std::string> paths{folder.string()};
  const ExpandedPaths found = expand_paths(paths);
  ASSERT_EQ(found.inputs.size(), 3U);
  for (const Input& input : found.inputs) EXPECT_EQ(input.error->code(), Code::kBadFile) << input.path;
  EXPECT_THAT(found.inputs[1].error->what(), HasSubstr("empty"));
  EXPECT_EQ(reasons_of(found.skipped), "1 empty");
}

TEST(ExpandPaths, DicomdirIsTheFilesThatItLists) {
  const fs::path folder = fresh_folder("dicomdir");
  const auto record = [](const std::string& file) {
    const std::string value = file + (file.size() % 2 == 0 ? "" : " ");
    const std::string element = "\x04\0\0\x15"s + "CS" + static_cast<char>(value.size()) + '\0' + value;
    return "\xFE\xFF\0\xE0"s + static_cast<char>(element.size()) + "\0\0\0"s + element;
  };
  std::string records;
  for (const char* file : {"A\\CT1", "A\\CT2", "..\\OUT", "/ETC", "A\\SR", "GONE"}) records += record(file);
  // Longer than what is looked at first.
  records += "\xFE\xFF\0\xE0"s + "\x88\x13\0\0\x04\0\x10\x15LT"s + "\x80\x13"s + std::string(4992, ' ');
  const std::string header = std::string(128, '\0') + "DICM" + "\x02\0\x10\0UI\x14\0"s + "1.2.840.10008.1.2.1\0"s;
  write(folder / "index", header + "\x04\0\x20\x12SQ\0\0"s + static_cast<char>(records.size() & 0xFF) +
                              static_cast<char>(records.size() >> 8) + "\0\0"s + records);
  write(folder / "A" / "CT1", object(kCt, true));
  write(folder / "a" / "ct2", object(kCt, true));
  write(folder / "A" / "SR", object("1.2.840.10008.5.1.4.1.1.88.11", false));
  write(folder.parent_path() / "OUT", object(kCt, true));
  const std::vector<std::string> paths{(folder / "index").string()};
  const ExpandedPaths found = expand_paths(paths);
  std::vector<std::string> names;
  for (const Input& input : found.inputs) names.push_back(fs::relative(input.path, folder));
  EXPECT_THAT(names, ElementsAre("A/CT1", "a/ct2", "GONE"));
  EXPECT_EQ(reasons_of(found.skipped), "1 DICOM without pixels: structured report");
}

TEST(ExpandPaths, ArchivesAreAskedForWhatTheyHold) {
  const fs::path file = fresh_folder("archive") / "a.zip";
  write(file, "PK\x03\x04 and more");
  const std::vector<std::string> paths{file.string()};
  const auto one = [](const std::string& path, FoundFiles& found) {
    const auto read = [](std::uint64_t) { return std::vector<std::byte>{std::byte{7}}; };
    found.add({path + "/x", std::nullopt, read}, std::as_bytes(std::span(kPngHead)),
              [] { return dicom::ObjectKind{}; });
    return true;
  };
  const ExpandedPaths found = expand_paths(paths, one);
  ASSERT_EQ(found.inputs.size(), 1U);
  EXPECT_EQ(found.inputs[0].path, file.string() + "/x");
  NextItem next = items_of(found.inputs, 10, [](std::span<const std::byte> bytes, std::string_view) {
    EXPECT_EQ(bytes.size(), 1U);
    return Pixels{};
  });
  EXPECT_NO_THROW(next()->prepare());
  const ExpandedPaths broken =
      expand_paths(paths, [](const std::string&, FoundFiles&) -> bool { throw Error(Code::kBadFile, "broken"); });
  ASSERT_EQ(broken.inputs.size(), 1U);
  EXPECT_TRUE(broken.inputs[0].error);
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
