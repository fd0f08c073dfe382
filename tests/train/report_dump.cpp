// Writes what a run leaves behind into a folder, for readers that are not ours: report_dump FOLDER [FIRST LAST].

#include <string>

#include "report_samples.hpp"
#include "train/report/run_report.hpp"

int main(int argc, char** argv) {
  if (argc != 2 && argc != 4) return 2;
  mi2::train::RunReport report(argv[1], {});
  const bool part = argc == 4;
  mi2::train::test::play(report, part ? std::stoll(argv[2]) : 0, part ? std::stoll(argv[3]) : 200,
                         mi2::train::RunEnd::kComplete);
  return 0;
}
