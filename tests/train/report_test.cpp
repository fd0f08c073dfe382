#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "report_samples.hpp"
#include "support/expect_error.hpp"
#include "support/temporary_folder.hpp"
#include "train/report/hook.hpp"
#include "train/report/run_log.hpp"
#include "train/report/run_report.hpp"
#include "train/report/tensorboard.hpp"

namespace mi2::train {
namespace {

using mi2::test::expect_error;
using mi2::test::read_back;
using mi2::test::TemporaryFolder;
using ::testing::HasSubstr;

TEST(RunLog, KeepsWhatWasAppended) {
  const TemporaryFolder folder;
  {
    RunLog log(folder / "log.jsonl", 0);
    log.append(LoggedStep{test::step_record(10), 5, 0.25});
    log.append(test::evaluation_record(10));
    log.note(10, "a record \xff is broken");
    log.sync();
  }
  const History history = read_history(folder / "log.jsonl");
  ASSERT_EQ(history.steps.size(), 1U);
  EXPECT_EQ(history.steps[0].record.loss, test::step_record(10).loss);
  EXPECT_EQ(history.steps[0].record.memory_bytes, 1'500'000'000U);
  EXPECT_EQ(history.steps[0].seconds, 5);
  ASSERT_EQ(history.evaluations.size(), 1U);
  EXPECT_EQ(history.evaluations[0].metrics, test::evaluation_record(10).metrics);
}

TEST(RunLog, WritesALossThatIsNoNumberAsNull) {
  const TemporaryFolder folder;
  StepRecord record = test::step_record(1);
  record.loss = std::numeric_limits<double>::quiet_NaN();
  RunLog(folder / "log.jsonl", 0).append(LoggedStep{record, 0, 0});
  EXPECT_THAT(read_back(folder / "log.jsonl"), HasSubstr("\"loss\":null"));
  EXPECT_TRUE(std::isnan(read_history(folder / "log.jsonl").steps.at(0).record.loss));
}

TEST(RunLog, CutsOffTheStepsThatAResumedRunDoesAgain) {
  const TemporaryFolder folder;
  const auto path = folder / "log.jsonl";
  {
    RunLog log(path, 0);
    for (std::int64_t step = 1; step <= 30; ++step) {
      log.append(LoggedStep{test::step_record(step), static_cast<double>(step), 0.5 * static_cast<double>(step)});
      if (step % 10 == 0) log.append(test::evaluation_record(step));
    }
  }
  const RunLog resumed(path, 20);
  EXPECT_EQ(resumed.seconds(), 20);
  EXPECT_EQ(resumed.kwh(), 10);
  const History history = read_history(path);
  EXPECT_EQ(history.steps.size(), 20U);
  EXPECT_EQ(history.evaluations.size(), 2U);
}

TEST(RunLog, CutsOffALineThatACrashLeftUnfinishedWhereverItEnds) {
  const TemporaryFolder folder;
  const auto path = folder / "log.jsonl";
  RunLog(path, 0).append(LoggedStep{test::step_record(1), 1, 0});
  const std::string whole = read_back(path);
  RunLog(path, 1).append(LoggedStep{test::step_record(2), 2, 0});
  const std::string both = read_back(path);
  for (std::size_t size = whole.size(); size < both.size(); ++size) {
    folder.write("log.jsonl", both.substr(0, size));
    EXPECT_EQ(read_history(path).steps.size(), 1U);
    RunLog(path, 2).append(LoggedStep{test::step_record(2), 2, 0});
    EXPECT_EQ(read_back(path), both) << "cut at " << size;
  }
}

TEST(RunLog, RefusesAFileThatIsNoLog) {
  const TemporaryFolder folder;
  const std::string good = "{\"type\":\"note\",\"step\":0,\"text\":\"\"}\n";
  for (const char* bad : {"hello\n", "[]\n", "{\"step\":\"x\"}\n", "{\"type\":\"step\",\"step\":1}\n", "\n",
                          "{\"type\":\"note\",\"step\":0,\"text\":\"\",\"step\":1}\n"}) {
    const auto path = folder.write("log.jsonl", good + bad);
    expect_error(Code::kBadFile, {"log.jsonl: line 2 is no line of a training log"}, [&] { RunLog(path, 5); });
    expect_error(Code::kBadFile, {"line 2"}, [&] { read_history(path); });
    EXPECT_EQ(read_back(path), good + bad) << "nothing of it is lost";
  }
  expect_error(Code::kBadFile, {"cannot be written"}, [&] { RunLog(folder / "none/log.jsonl", 0); });
}

TEST(EventFile, MasksTheChecksumOfRfc3720) {
  // Appendix B.4 of RFC 3720 gives crc32c of 32 zero bytes as 0x8A9136AA, and of the ascending bytes 0x46DD794E.
  const auto masked = [](std::uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xA282EAD8U; };
  EXPECT_EQ(masked_crc32c(std::string(32, '\0')), masked(0x8A9136AA));
  std::string ascending;
  for (char c = 0; c < 32; ++c) ascending += c;
  EXPECT_EQ(masked_crc32c(ascending), masked(0x46DD794E));
}

TEST(EventFile, RefusesAFolderThatIsNotThere) {
  expect_error(Code::kBadFile, {"cannot be written"}, [] { EventFile("/nowhere/at/all", 0); });
}

TEST(RunReport, LeavesTablesAPictureAndASummary) {
  const TemporaryFolder folder;
  RunReport report(folder.path(), {});
  test::play(report, 0, 200, RunEnd::kComplete);
  const std::string steps = read_back(folder / "steps.csv");
  EXPECT_EQ(std::count(steps.begin(), steps.end(), '\n'), 201);
  EXPECT_THAT(steps, HasSubstr("\n2,0.2,"));
  EXPECT_THAT(read_back(folder / "evaluations.csv"),
              HasSubstr("step,epoch,best,seconds,zero_shot_accuracy,knn_accuracy\n20,2,true,2.5,0.22"));
  const auto summary = nlohmann::json::parse(read_back(folder / "report.json"));
  EXPECT_EQ(summary.at("end"), "complete");
  EXPECT_EQ(summary.at("steps"), 200);
  EXPECT_EQ(summary.at("best").at("step"), 200);
  EXPECT_EQ(summary.at("energy").at("factors").at("intensity").at("low"), 473);
  const std::string picture = read_back(folder / "curves.svg");
  for (const char* word : {"sample &lt;run&gt;: 200 steps, complete", ">loss<", ">learning rate<", ">validation<",
                           ">zero_shot_accuracy<", ">knn_accuracy<", ">optimizer step<"}) {
    EXPECT_THAT(picture, HasSubstr(word));
  }
}

TEST(RunReport, OfAResumedRunCoversAllItsSessions) {
  const TemporaryFolder once;
  const TemporaryFolder twice;
  energy::MeterOptions energy;
  energy.watts = energy::watts_of("100", "watts");
  RunReport whole(once.path(), energy);
  test::play(whole, 0, 120, RunEnd::kComplete);
  {
    RunReport first(twice.path(), energy);
    test::play(first, 0, 75, RunEnd::kInterrupted);
  }
  const double spent = nlohmann::json::parse(read_back(twice / "report.json")).at("energy").at("energy_kwh").at("low");
  RunReport second(twice.path(), energy);
  test::play(second, 50, 120, RunEnd::kComplete);
  // Time and energy differ; everything else is the same.
  const History a = read_history(once / "log.jsonl");
  const History b = read_history(twice / "log.jsonl");
  ASSERT_EQ(a.steps.size(), b.steps.size());
  for (std::size_t i = 0; i < a.steps.size(); ++i) EXPECT_EQ(a.steps[i].record.loss, b.steps[i].record.loss);
  EXPECT_EQ(read_back(once / "evaluations.csv"), read_back(twice / "evaluations.csv"));
  for (std::size_t i = 1; i < b.steps.size(); ++i) EXPECT_GE(b.steps[i].kwh, b.steps[i - 1].kwh);
  EXPECT_GT(b.steps.back().kwh, b.steps[49].kwh);
  EXPECT_GT(spent, 0);
  const auto account = nlohmann::json::parse(read_back(twice / "report.json")).at("energy");
  EXPECT_GT(account.at("factors").at("earlier_kwh").at("low"), 0);
  EXPECT_GT(account.at("energy_kwh").at("low"), account.at("factors").at("earlier_kwh").at("low"));
}

TEST(RunReport, OfARunWithoutStepsIsStillWhole) {
  const TemporaryFolder folder;
  RunReport report(folder.path(), {});
  report.started({"empty", 0, 10, 5, 1});
  report.noted("stopped before the first step");
  report.finished(RunEnd::kFailed);
  EXPECT_EQ(nlohmann::json::parse(read_back(folder / "report.json")).at("end"), "failed");
  EXPECT_THAT(read_back(folder / "curves.svg"), HasSubstr("</svg>"));
}

class EvaluationHook : public ::testing::Test {
 protected:
  std::string run(std::vector<std::string> command, double timeout = 20, bool stopped = false) {
    HookOptions options;
    options.command = std::move(command);
    options.timeout = timeout;
    RunStart start;
    start.name = "a \"name\"";
    start.total_steps = 40;
    return run_hook(options, start, record_, folder_.path(), [stopped] { return stopped; });
  }

  TemporaryFolder folder_;
  EvaluationRecord record_{10, 0.5, {{"knn_accuracy", 0.75}, {"knn_auc", std::nan("")}}, true, 2};
};

TEST_F(EvaluationHook, HasTheFiguresAsJsonAndInItsEnvironment) {
  const std::string out = (folder_ / "out").string();
  EXPECT_EQ(
      run({"sh", "-c", "cat > \"$1\"; echo \"$MI2_RUN_NAME|$MI2_STEP|$MI2_BEST|$MI2_RUN_DIR\" >> \"$1\"", "sh", out}),
      "");
  const std::string text = read_back(out);
  const std::size_t end = text.find('\n');
  const nlohmann::json json = nlohmann::json::parse(text.substr(0, end));
  EXPECT_EQ(json["name"], "a \"name\"");
  EXPECT_EQ(json["step"], 10);
  EXPECT_EQ(json["total_steps"], 40);
  EXPECT_EQ(json["metrics"]["knn_accuracy"], 0.75);
  EXPECT_TRUE(json["metrics"]["knn_auc"].is_null());
  EXPECT_EQ(json["best"], true);
  EXPECT_EQ(text.substr(end + 1), "a \"name\"|10|1|" + folder_.path().string() + "\n");
}

TEST_F(EvaluationHook, IsNotReadByAShell) {
  const std::string mark = (folder_ / "mark").string();
  EXPECT_EQ(run({"true", "; touch " + mark, "$(touch " + mark + ")"}), "");
  EXPECT_FALSE(std::filesystem::exists(mark));
}

TEST_F(EvaluationHook, ThatFailsOrTakesLongIsReported) {
  EXPECT_THAT(run({"sh", "-c", "exit 3"}), HasSubstr("status 3"));
  EXPECT_THAT(run({"sh", "-c", "kill -9 $$"}), HasSubstr("signal 9"));
  EXPECT_THAT(run({"/no/program"}), HasSubstr("cannot be started"));
  EXPECT_THAT(run({"sh", "-c", "sleep 60 & sleep 60"}, 0.2), HasSubstr("more than 0.2 s"));
  EXPECT_THAT(run({"sleep", "60"}, 60, true), HasSubstr("stopped"));
  EXPECT_EQ(run({"true"}, 60), "");
}

TEST_F(EvaluationHook, MustBeAProgram) {
  HookOptions options;
  check_hook(options);
  options.command = {"sh"};
  check_hook(options);
  for (const char* wrong : {"no-such-program-anywhere", "/no/program", "/etc/passwd", "/tmp"}) {
    options.command = {wrong};
    expect_error(Code::kNotFound, {"HOOK.COMMAND", wrong}, [&] { check_hook(options); });
  }
}

}  // namespace
}  // namespace mi2::train
