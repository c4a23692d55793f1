// How many forms a thread prints in a second: each a file of its own, as a person asks for them. One line of JSON.
//   xinyi_bench_print [SECONDS] [FILE-FOLDER]     with a folder: every form and the slips once, as files to look at
#include <chrono>
#include <fstream>
#include <iostream>

#include "print/print.hpp"

namespace {
using namespace xinyi;
using namespace xinyi::print;

Bytes one(const Form& form, Language language) {
  const Options options{language, "第一中学 No. 1 Middle School", *instant_from_text("2026-11-23T06:00:00Z")};
  return form.look == Look::poster ? poster(form, {}, options) : pdf(form, {}, options);
}

void write(const std::string& folder) {
  const auto put = [&](const std::string& name, const Bytes& bytes) {
    std::ofstream(folder + "/" + name + ".pdf", std::ios::binary) << text(bytes);
  };
  for (const auto& form : forms()) {
    put(form.id + "-zh", one(form, Language::zh));
    put(form.id + "-en", one(form, Language::en));
  }
  std::vector<Slip> list;
  for (int i = 1; i <= 20; ++i) list.push_back({"王子涵", "初一(3)班", "x2026" + std::to_string(1000 + i), "kufe-7xmb-93qa"});
  put("slips-zh", slips(list, "https://xinyi.school.example", {Language::zh, "第一中学", *instant_from_text("2026-11-23T06:00:00Z")}));
}
}  // namespace

int main(int argc, char** argv) {
  using clock = std::chrono::steady_clock;
  if (argc > 2) {
    write(argv[2]);
    return 0;
  }
  const double seconds = argc > 1 ? std::stod(argv[1]) : 5;
  const auto begin = clock::now();
  std::size_t bytes = one(forms().front(), Language::zh).size(), done = 0;
  const double first = std::chrono::duration<double, std::milli>(clock::now() - begin).count();
  const auto start = clock::now();
  double took = 0;
  for (; took < seconds; took = std::chrono::duration<double>(clock::now() - start).count())
    bytes += one(forms()[done % forms().size()], done % 2 == 0 ? Language::zh : Language::en).size(), ++done;
  std::cout << "{\"rate\":" << static_cast<double>(done) / took << ",\"first_ms\":" << first << ",\"kib_per_form\":" << bytes / (done + 1) / 1024 << "}\n";
}
