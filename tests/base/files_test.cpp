#include "base/files.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iterator>
#include <string>
#include <utility>

#include "base/folders.hpp"
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

mode_t mode_of(const fs::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
}

void write_whole(const fs::path& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

/// Begins a file or a folder in another process, which is killed before it is whole.
template <typename Begin>
void kill_in(Begin begin) {
  const pid_t child = ::fork();
  if (child == 0) {
    begin();
    std::raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
}

TEST(AtomicFile, KeepsThePermissionsOfWhatItReplaces) {
  const TemporaryFolder folder;
  for (const mode_t mode : {0600U, 0640U, 0755U}) {
    const fs::path path = folder.write("out", "old");
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    AtomicFile file(path);
    for (const auto& entry : fs::directory_iterator(folder.path()))
      EXPECT_EQ(mode_of(entry.path()) & 0077U & ~mode, 0U);
    file.write("new");
    file.commit();
    EXPECT_EQ(mode_of(path), mode);
    EXPECT_EQ(read_back(path), "new");
  }
}

TEST(AtomicFile, IsReadByItsOwnerAloneIfThatIsAsked) {
  const TemporaryFolder folder;
  AtomicFile file(folder / "key", Partial::Kind::kPrivateFile);
  file.write("secret");
  for (const auto& entry : fs::directory_iterator(folder.path())) EXPECT_EQ(mode_of(entry.path()), 0600U);
  file.commit();
  EXPECT_EQ(mode_of(folder / "key"), 0600U);
}

TEST(AtomicFile, WritesWhatALinkLeadsTo) {
  const TemporaryFolder folder;
  const TemporaryFolder elsewhere;
  elsewhere.write("target", "old");
  fs::create_symlink(elsewhere / "target", folder / "link");
  fs::create_symlink("link", folder / "second");
  write_whole(folder / "second", "new");
  EXPECT_TRUE(fs::is_symlink(folder / "link") && fs::is_symlink(folder / "second"));
  EXPECT_EQ(read_back(elsewhere / "target"), "new");
  fs::create_symlink(elsewhere / "absent", folder / "dangling");
  write_whole(folder / "dangling", "made");
  EXPECT_EQ(read_back(elsewhere / "absent"), "made");
  fs::create_symlink("circle", folder / "circle");
  test::expect_error(Code::kBadFile, {"circle"}, [&] { AtomicFile{folder / "circle"}; });
}

TEST(AtomicFile, ReplacesNothingButFiles) {
  const TemporaryFolder folder;
  const fs::path pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  test::expect_error(Code::kBadFile, {"pipe", "not a regular file"}, [&] { AtomicFile{pipe}; });
  test::expect_error(Code::kBadFile, {"not a regular file"}, [&] { AtomicFile{folder.path()}; });
  EXPECT_EQ(entries_of(folder), 1);
}

TEST(AtomicFile, RemovesWhatDeadRunsLeftAndNothingElse) {
  const TemporaryFolder folder;
  folder.write("out.mi2-0123456789abcdef", "a user's");
  folder.write("other.tmp", "a user's");
  AtomicFile living(folder / "out");
  for (int i = 0; i < 3; ++i) {
    kill_in([&] { AtomicFile(folder / "out").write("half"), std::raise(SIGKILL); });
    kill_in([&] { AtomicFile(folder / "another").write("half"), std::raise(SIGKILL); });
  }
  EXPECT_EQ(entries_of(folder), 2 + 1 + 1 + 1);  // each run removed what the one before it left
  write_whole(folder / "out", "new");
  EXPECT_EQ(entries_of(folder), 2 + 1 + 1 + 1);
  living.write("later");
  living.commit();
  EXPECT_EQ(read_back(folder / "out"), "later");
  write_whole(folder / "another", "new");
  EXPECT_EQ(entries_of(folder), 4);
}

TEST(AtomicFile, WhatDeadRunsLeftInAFolderIsRemovedWhateverItsTarget) {
  const TemporaryFolder folder;
  folder.write("out.mi2-0123456789abcdef", "a user's");
  folder.write("whole", "a user's");
  AtomicFile living(folder / "living");
  kill_in([&] { AtomicFile(folder / "out").write("half"), std::raise(SIGKILL); });
  kill_in([&] { AtomicFile(folder / std::string(255, 'n')).write("half"), std::raise(SIGKILL); });
  ASSERT_EQ(entries_of(folder), 5);
  remove_dead_in(folder.path());
  EXPECT_EQ(entries_of(folder), 3);
  living.commit();
  EXPECT_TRUE(fs::exists(folder / "living"));
  remove_dead_in(folder / "absent");
}

TEST(AtomicFiles, AKillLeavesOldOnesOrNewOnesButNotBoth) {
  const TemporaryFolder folder;
  const auto write_old = [&] {
    for (const char* name : {"a", "b"}) ASSERT_EQ(::chmod(folder.write(name, "old").c_str(), 0640), 0);
  };
  const auto begin = [&](bool withdraw) {
    AtomicFiles files;
    for (const char* name : {"a", "b"}) files.add(folder / name, "new");
    if (withdraw) files.withdraw_old();
    std::raise(SIGKILL);
  };
  write_old();
  kill_in([&] { begin(false); });
  EXPECT_EQ(read_back(folder / "a") + read_back(folder / "b"), "oldold");
  kill_in([&] { begin(true); });
  EXPECT_FALSE(fs::exists(folder / "a") || fs::exists(folder / "b"));
  write_old();
  AtomicFiles files;
  for (const char* name : {"a", "b", "c"}) files.add(folder / name, "new");
  EXPECT_EQ(read_back(folder / "a"), "old");
  files.commit();
  for (const char* name : {"a", "b", "c"}) EXPECT_EQ(read_back(folder / name), "new");
  EXPECT_EQ(mode_of(folder / "a"), 0640U);
  EXPECT_EQ(entries_of(folder), 3);
}

TEST(AtomicFile, TakesTheLongestNamesThereAre) {
  const TemporaryFolder folder;
  const std::string name(255, 'n');
  write_whole(folder / name, "new");
  EXPECT_EQ(read_back(folder / name), "new");
}

TEST(AtomicFolder, AppearsWholeOrNotAtAll) {
  const TemporaryFolder folder;
  const fs::path source = folder.write("source", std::string(3'000'000, 's'));
  {
    AtomicFolder half(folder / "out");
    half.write("a/b", "text");
  }
  EXPECT_EQ(entries_of(folder), 1);
  AtomicFolder whole(folder / "out/");
  whole.write("a/b", "text");
  whole.copy(source, "a/copy");
  EXPECT_FALSE(fs::exists(folder / "out"));
  whole.commit();
  EXPECT_EQ(read_back(folder / "out/a/b"), "text");
  EXPECT_EQ(read_back(folder / "out/a/copy"), read_back(source));
  EXPECT_EQ(entries_of(folder), 2);
}

TEST(AtomicFolder, AdoptsNothing) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "there");
  fs::create_symlink("nowhere", folder / "link");
  for (const char* name : {"there", "link"}) {
    test::expect_error(Code::kBadArgument, {name, "already exists"}, [&] { AtomicFolder{folder / name}; });
  }
  AtomicFolder late(folder / "out");
  late.write("a", "text");
  fs::create_directory(folder / "out");
  test::expect_error(Code::kBadArgument, {"out", "already exists"}, [&] { late.commit(); });
  EXPECT_TRUE(fs::is_empty(folder / "out"));
}

TEST(AtomicFolder, RemovesWhatDeadRunsLeft) {
  const TemporaryFolder folder;
  kill_in([&] { AtomicFolder(folder / "out").write("a/b", "half"), std::raise(SIGKILL); });
  EXPECT_EQ(entries_of(folder), 1);
  AtomicFolder next(folder / "out");
  EXPECT_EQ(entries_of(folder), 1);
  next.commit();
  EXPECT_EQ(entries_of(folder), 1);
}

TEST(AtomicFolder, NamesTheFileAtFault) {
  const TemporaryFolder folder;
  const AtomicFolder out(folder / "out");
  test::expect_error(Code::kNotFound, {"absent"}, [&] { out.copy(folder / "absent", "a"); });
  test::expect_error(Code::kBadFile, {"not a regular file"}, [&] { out.copy(folder.path(), "b"); });
  const fs::path source = folder.write("source", std::string(100'000, 's'));
  EXPECT_EXIT(
      {
        std::signal(SIGXFSZ, SIG_IGN);
        struct rlimit limit {};
        limit.rlim_cur = limit.rlim_max = 1000;
        ::setrlimit(RLIMIT_FSIZE, &limit);
        try {
          out.copy(source, "c");
        } catch (const Error& error) {
          std::_Exit(std::string_view(error.what()).find("out/c") != std::string_view::npos ? 3 : 1);
        }
        std::_Exit(0);
      },
      ::testing::ExitedWithCode(3), "");
}

TEST(MappedFile, ShowsZerosWhereItsFileWasCutAndSaysSo) {
  const TemporaryFolder folder;
  const fs::path path = folder.write("file", std::string(100'000, 'm'));
  const MappedFile file(path);
  const MappedFile other(folder.write("other", std::string(100'000, 'o')));
  file.check();
  fs::resize_file(path, 5'000);
  EXPECT_EQ(text_of(file.bytes().first(1)), "m");
  EXPECT_EQ(text_of(file.bytes().last(50'000)), std::string(50'000, '\0'));
  test::expect_error(Code::kBadFile, {"file", "was cut or written while it was in use"}, [&] { file.check(); });
  // Whole again, it is still not what was read.
  folder.write("file", std::string(100'000, 'm'));
  test::expect_error(Code::kBadFile, {"was cut or written"}, [&] { file.check(); });
  other.check();
}

TEST(MappedFile, KnowsThatItsFileWasWritten) {
  const TemporaryFolder folder;
  const fs::path path = folder.write("file", "abc");
  MappedFile first(path);
  const MappedFile moved(std::move(first));
  moved.check();
  folder.write("file", "abd");
  fs::last_write_time(path, fs::last_write_time(path) + std::chrono::seconds(1));
  test::expect_error(Code::kBadFile, {"was cut or written"}, [&] { moved.check(); });
  // A new file of this name is another file.
  const MappedFile old(path);
  write_whole(path, "new");
  old.check();
}

}  // namespace
}  // namespace mi2::base
