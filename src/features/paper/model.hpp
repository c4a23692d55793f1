// What the paper room offers.
#pragma once
#include "kernel/json.hpp"

namespace xinyi::paper {

struct FormLine {
  std::string id, number, version;
  Bilingual title;
  bool poster = false;
};
BOOST_DESCRIBE_STRUCT(FormLine, (), (id, number, version, title, poster))
struct Forms { std::vector<FormLine> items; };
BOOST_DESCRIBE_STRUCT(Forms, (), (items))

}  // namespace xinyi::paper
