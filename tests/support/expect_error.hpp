#pragma once
// Checks that something throws mi2::Error with a code and with words in its message.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mi2/error.hpp>

namespace mi2::test {

inline void expect_error(Code code, const std::vector<std::string>& words, const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    EXPECT_EQ(name_of(error.code()), name_of(code)) << error.what();
    for (const std::string& word : words) EXPECT_THAT(error.what(), ::testing::HasSubstr(word));
    return;
  }
  ADD_FAILURE() << "no error; expected one about " << ::testing::PrintToString(words);
}

}  // namespace mi2::test
