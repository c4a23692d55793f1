// Files made for tests: zips, sheets, CSV.
#pragma once
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <zip.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "features/people/csv.hpp"
#include "features/people/findings.hpp"

namespace xinyi::people::testing {

using Rows = std::vector<std::vector<std::string>>;
using Entries = std::vector<std::pair<std::string, std::string>>;

inline std::string data(const std::string& name) { return std::string(XINYI_ROSTER_DATA) + "/" + name; }

inline std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class Folder {
 public:
  Folder() {
    auto name = (std::filesystem::temp_directory_path() / "xinyi-people.XXXXXX").string();
    if (!::mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  std::string write(const std::string& name, std::string_view bytes) const {
    std::ofstream(path_ + "/" + name, std::ios::binary) << bytes;
    return path_ + "/" + name;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// A zip on disk. `password`: entries are encrypted. `link`: the last entry is a symbolic link.
inline std::string make_zip(const Folder& folder, const Entries& entries, const char* password = nullptr,
                            bool link = false) {
  static int number = 0;
  const auto path = folder.path() + "/made" + std::to_string(++number) + ".zip";
  int error = 0;
  zip_t* zip = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &error);
  for (const auto& [name, text] : entries) {
    const auto at =
        zip_file_add(zip, name.c_str(), zip_source_buffer(zip, text.data(), text.size(), 0), ZIP_FL_ENC_UTF_8);
    if (password) zip_file_set_encryption(zip, static_cast<zip_uint64_t>(at), ZIP_EM_AES_256, password);
    if (link && &name == &entries.back().first)
      zip_file_set_external_attributes(zip, static_cast<zip_uint64_t>(at), 0, ZIP_OPSYS_UNIX,
                                       static_cast<zip_uint32_t>(S_IFLNK | 0777) << 16);
  }
  if (zip_close(zip) != 0) throw std::runtime_error("zip not written");
  return path;
}

inline std::string csv_text(const Rows& rows, std::string_view end = "\r\n", char separator = ',') {
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) out += separator;
      std::string cell = "\"";
      for (char c : row[i]) cell += c == '"' ? std::string("\"\"") : std::string(1, c);
      out += cell + "\"";
    }
    out += end;
  }
  return out;
}

inline const char* kContentTypes = "<?xml version=\"1.0\"?><Types xmlns=\"x\"/>";
inline const char* kWorkbook =
    "<workbook><sheets><sheet name=\"hidden\" state=\"hidden\" id=\"r9\"/><sheet name=\"学生\" "
    "id=\"r1\"/></sheets></workbook>";
inline const char* kWorkbookRelations =
    "<Relationships><Relationship Id=\"r1\" Type=\"http://x/worksheet\" Target=\"worksheets/sheet1.xml\"/>"
    "<Relationship Id=\"r2\" Type=\"http://x/styles\" Target=\"styles.xml\"/>"
    "<Relationship Id=\"r3\" Type=\"http://x/sharedStrings\" Target=\"sharedStrings.xml\"/></Relationships>";
inline const char* kStyles =
    "<styleSheet><numFmts><numFmt numFmtId=\"170\" formatCode=\"yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;\"/>"
    "<numFmt numFmtId=\"171\" formatCode=\"0.00&quot;days&quot;\"/></numFmts>"
    "<cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"170\"/><xf "
    "numFmtId=\"171\"/></cellXfs></styleSheet>";

/// An XLSX around the inside of <sheetData>.
inline Entries xlsx_entries(const std::string& sheet_data, const std::string& shared = "<sst/>",
                            const std::string& head = "") {
  return {{"[Content_Types].xml", kContentTypes},
          {"xl/workbook.xml", kWorkbook},
          {"xl/_rels/workbook.xml.rels", kWorkbookRelations},
          {"xl/styles.xml", kStyles},
          {"xl/sharedStrings.xml", shared},
          {"xl/worksheets/sheet1.xml", head + "<worksheet><sheetData>" + sheet_data + "</sheetData></worksheet>"}};
}

/// The fault with which reading ends; fails the test when it does not.
template <class F>
std::string fault_of(F&& f, std::int64_t* line = nullptr) {
  try {
    f();
  } catch (const Unreadable& e) {
    if (line) *line = e.at().line;
    return e.what();
  }
  return "none";
}

}  // namespace xinyi::people::testing
