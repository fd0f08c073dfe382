#include "base/files.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iterator>
#include <string>
#include <utility>

#include "support/expect_error.hpp"
#include "support/temporary_folder.hpp"

namespace mi2::base {
namespace {

namespace fs = std::filesystem;
using test::read_back;
using test::TemporaryFolder;

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::ptrdiff_t entries_of(const TemporaryFolder& folder) {
  return std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator());
}

/// Ends the process with the exit status of the error that a disk full after 1000 bytes gives.
[[noreturn]] void write_to_a_full_disk(const fs::path& path) {
  std::signal(SIGXFSZ, SIG_IGN);
  struct rlimit limit {};
  limit.rlim_cur = limit.rlim_max = 1000;
  ::setrlimit(RLIMIT_FSIZE, &limit);
  try {
    AtomicFile file(path);
    file.write(std::string(10'000, 'n'));
  } catch (const Error& error) {
    std::_Exit(error.code() == Code::kBadFile ? 3 : 1);
  }
  std::_Exit(0);
}

TEST(MappedFile, ShowsTheBytesAndSurvivesMovesAndReleases) {
  const TemporaryFolder folder;
  const std::string content(100'000, 'm');
  MappedFile first(folder.write("file", content));
  MappedFile second(std::move(first));
  EXPECT_EQ(text_of(second.bytes()), content);
  second.release(10, 90'000);
  second.release(99'999, 1'000'000);
  second.release(200'000, 5);
  EXPECT_EQ(text_of(second.bytes()), content);
  MappedFile third(folder.write("other", "abc"));
  third = std::move(second);
  EXPECT_EQ(text_of(third.bytes()), content);
}

TEST(MappedFile, TakesAnEmptyFile) {
  const TemporaryFolder folder;
  EXPECT_TRUE(MappedFile(folder.write("empty", "")).bytes().empty());
}

TEST(MappedFile, RefusesWhatIsNoReadableFile) {
  const TemporaryFolder folder;
  const fs::path pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  test::expect_error(Code::kNotFound, {"absent"}, [&] { MappedFile{folder / "absent"}; });
  test::expect_error(Code::kNotFound, {"file/below"}, [&] { MappedFile{folder.write("file", "") / "below"}; });
  test::expect_error(Code::kBadFile, {"not a regular file"}, [&] { MappedFile{folder.path()}; });
  test::expect_error(Code::kBadFile, {"pipe", "not a regular file"}, [&] { MappedFile{pipe}; });
}

TEST(ReadFile, KeepsToItsLimit) {
  const TemporaryFolder folder;
  const fs::path file = folder.write("file", std::string("a\0b", 3));
  EXPECT_EQ(read_text_file(file, 3), std::string("a\0b", 3));
  EXPECT_EQ(read_file(file, 100).size(), 3U);
  test::expect_error(Code::kTooLarge, {"file", "3 bytes", "limit is 2"}, [&] { read_file(file, 2); });
}

TEST(AtomicFile, AppearsOnCommitWithTheUsersPermissions) {
  const TemporaryFolder folder;
  AtomicFile file(folder / "out");
  file.write("....");
  file.write("rows");
  file.write_at(0, "head");
  EXPECT_FALSE(fs::exists(folder / "out"));
  file.commit();
  EXPECT_EQ(read_back(folder / "out"), "headrows");
  EXPECT_EQ(entries_of(folder), 1);
  const mode_t mask = ::umask(0);
  ::umask(mask);
  struct stat status {};
  ASSERT_EQ(::stat((folder / "out").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0666U & ~mask);
}

TEST(AtomicFile, LeavesNothingBehindWithoutCommit) {
  const TemporaryFolder folder;
  folder.write("out", "old");
  {
    AtomicFile file(folder / "out");
    file.write("new");
  }
  EXPECT_EQ(read_back(folder / "out"), "old");
  EXPECT_EQ(entries_of(folder), 1);
}

TEST(AtomicFile, KeepsTheOldContentWhenTheProcessDies) {
  const TemporaryFolder folder;
  folder.write("out", "old");
  EXPECT_EXIT(
      {
        AtomicFile file(folder / "out");
        file.write(std::string(1'000'000, 'n'));
        std::raise(SIGKILL);
      },
      ::testing::KilledBySignal(SIGKILL), "");
  EXPECT_EQ(read_back(folder / "out"), "old");
}

TEST(AtomicFile, ReportsAFullDiskAndKeepsTheOldContent) {
  const TemporaryFolder folder;
  folder.write("out", "old");
  EXPECT_EXIT(write_to_a_full_disk(folder / "out"), ::testing::ExitedWithCode(3), "");
  EXPECT_EQ(read_back(folder / "out"), "old");
  EXPECT_EQ(entries_of(folder), 1);
}

TEST(AtomicFile, RefusesAFolderThatIsNotThere) {
  const TemporaryFolder folder;
  test::expect_error(Code::kBadFile, {"absent/out", "cannot be written"}, [&] { AtomicFile{folder / "absent/out"}; });
}

}  // namespace
}  // namespace mi2::base
