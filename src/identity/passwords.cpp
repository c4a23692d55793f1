// How guessable a password is, offline (zxcvbn and a list of what people here really choose).
#include <zxcvbn.h>

#include <array>

#include "identity/accounts.hpp"

namespace xinyi::identity {
namespace {
constexpr double kLeastBits = 30;  // about 10^9 guesses
constexpr std::size_t kLongest = 200;

// Chosen so often in this country that a general dictionary misses them.
constexpr std::array kOften = {"woaini", "woaini1314", "5201314", "1314520", "qq123456", "a123456", "abc123456", "aa123456", "zxcvbnm",
                               "asd123456", "wang1234", "zhang123", "xuexiao", "laoshi", "xuesheng", "mima", "nihao", "woaiwojia",
                               "woshi", "beijing", "zhongguo", "xinyi", "xinli", "admin", "password", "123456"};
}  // namespace

void check_password(std::string_view password, const Account& account, std::string_view school_name) {
  const auto length = utf8_length(password);
  if (!length || !printable(password, false)) throw Refusal(Code::invalid_input, "password", Code::field_characters);
  if (password.size() > kLongest) throw Refusal(Code::invalid_input, "password", Code::field_too_long);
  if (*length < (account.roles.any(kStaff) ? 10u : 8u)) throw Refusal(Code::password_short, "password", Code::password_short);
  std::vector<std::string> own = {account.username, account.name, std::string(school_name)};
  std::vector<const char*> dictionary;
  for (const auto& word : own)
    if (!word.empty()) dictionary.push_back(word.c_str());
  for (const auto* word : kOften) dictionary.push_back(word);
  dictionary.push_back(nullptr);
  std::string copy(password);
  const double bits = ZxcvbnMatch(copy.c_str(), dictionary.data(), nullptr);
  crypto::wipe({reinterpret_cast<std::uint8_t*>(copy.data()), copy.size()});
  if (bits < (account.roles.any(kStaff) ? kLeastBits : kLeastBits - 6)) throw Refusal(Code::password_common, "password", Code::password_common);
}
}  // namespace xinyi::identity
