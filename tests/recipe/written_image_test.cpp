#include "recipe/written_image.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "image/png.hpp"
#include "support/temporary_folder.hpp"

namespace mi2::recipe {
namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;

constexpr int kSide = 64;

/// Numbers that no packing makes small, so that a write takes its time.
std::vector<std::uint8_t> noise(unsigned seed) {
  std::vector<std::uint8_t> samples(static_cast<std::size_t>(kSide) * kSide);
  std::uint32_t state = seed + 1;
  for (std::uint8_t& sample : samples) {
    state = state * 1664525U + 1013904223U;
    sample = static_cast<std::uint8_t>(state >> 24U);
  }
  return samples;
}

std::string png_of(const std::vector<std::uint8_t>& samples) {
  const std::vector<std::byte> png = image::encode_png({kSide, kSide, 1, samples});
  return {reinterpret_cast<const char*>(png.data()), png.size()};
}

std::ptrdiff_t entries_in(const fs::path& folder) {
  return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
}

/// Writes images `first` to `first` + 200 in a process of its own, which ends with 0 if each was written.
pid_t write_apart(const fs::path& folder, unsigned first) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  try {
    ImageWriter images(folder);
    for (unsigned i = first; i < first + 200; ++i) {
      const std::vector<std::uint8_t> samples = noise(i);
      images.write(fmt::format("{}/{}.png", i % 7, i), {kSide, kSide, 1, samples});
    }
    images.finish();
  } catch (...) {
    std::_Exit(1);
  }
  std::_Exit(0);
}

TEST(ImageWriter, TwoRunsIntoOneFolderLeaveTheImagesOfBoth) {
  const TemporaryFolder folder;
  const std::vector<pid_t> children{write_apart(folder / "images", 0), write_apart(folder / "images", 100)};
  for (const pid_t child : children) {
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  for (unsigned i = 0; i < 300; ++i) {
    const fs::path path = folder.path() / "images" / fmt::format("{}/{}.png", i % 7, i);
    EXPECT_EQ(test::read_back(path), png_of(noise(i))) << i;
  }
  EXPECT_EQ(entries_in(folder / "images"), 7);
}

TEST(ImageWriter, LeavesNothingOfARunThatWasKilled) {
  const TemporaryFolder folder;
  const pid_t child = ::fork();
  if (child == 0) {
    ImageWriter images(folder.path());
    images.write("a/1.png", {kSide, kSide, 1, noise(1)});
    std::raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  ASSERT_EQ(entries_in(folder.path()), 2);
  ImageWriter images(folder.path());
  images.write("a/2.png", {kSide, kSide, 1, noise(2)});
  images.finish();
  EXPECT_EQ(entries_in(folder.path()), 1);
  EXPECT_EQ(entries_in(folder / "a"), 2);
}

TEST(ImageWriter, LeavesAloneWhatIsThereAndReplacesWhatDiffers) {
  const TemporaryFolder folder;
  folder.write("a/half.png", png_of(noise(1)).substr(0, 100));
  const fs::path same = folder.write("a/same.png", png_of(noise(2)));
  const fs::file_time_type before(std::chrono::hours(1));
  fs::last_write_time(same, before);
  ImageWriter images(folder.path());
  EXPECT_EQ(images.write("a/half.png", {kSide, kSide, 1, noise(1)}), folder / "a/half.png");
  EXPECT_EQ(images.write("a/same.png", {kSide, kSide, 1, noise(2)}), same);
  images.finish();
  EXPECT_EQ(test::read_back(folder / "a/half.png"), png_of(noise(1)));
  EXPECT_EQ(fs::last_write_time(same), before);
  images.finish();
  EXPECT_EQ(entries_in(folder.path()), 1);
}

}  // namespace
}  // namespace mi2::recipe
