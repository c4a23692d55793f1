// The contract in code: a described struct is parser, validator, serialiser and schema at once (D2).
//
//   struct BookSlot { ShiftId shift_id; Instant starts_at; std::optional<Prose<2000>> reason; bool urgent = false; };
//   BOOST_DESCRIBE_STRUCT(BookSlot, (), (shift_id, starts_at, reason, urgent))
//
// Reading is strict: unknown fields, missing fields and wrong types are refused, all of them at once, each with its
// dotted path. optional<T> may be absent or null; everything else must be there, except bool (false when absent).
#pragma once
#include <boost/describe.hpp>
#include <boost/json.hpp>
#include <boost/mp11.hpp>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "kernel/id.hpp"
#include "kernel/problem.hpp"
#include "kernel/text.hpp"
#include "kernel/time.hpp"

namespace xinyi {

/// A whole number within limits that are part of the contract.
template <std::int64_t Min, std::int64_t Max>
struct Whole {
  std::int64_t value = Min;
  operator std::int64_t() const { return value; }
};

/// At most Max elements.
template <class T, std::size_t Max>
struct List : std::vector<T> {
  using std::vector<T>::vector;
};

/// Bytes written as base64.
struct Base64 {
  Bytes bytes;
};

/// Text in both languages.
struct Bilingual {
  std::string zh, en;
};
BOOST_DESCRIBE_STRUCT(Bilingual, (), (zh, en))

namespace contract {

namespace json = boost::json;
namespace mp11 = boost::mp11;

using Faults = std::vector<FieldProblem>;

template <class T>
struct Shape;  // read, write, schema of one type

template <class T>
concept Described = boost::describe::has_describe_members<T>::value && !std::is_union_v<T>;
template <class T>
concept DescribedEnum = boost::describe::has_describe_enumerators<T>::value;

template <class T>
using Members = boost::describe::describe_members<T, boost::describe::mod_public | boost::describe::mod_inherited>;

/// Schemas of named structs met while writing the document; name -> schema.
using Components = std::map<std::string, json::object>;

template <class T>
bool read(const json::value& in, T& out, const std::string& path, Faults& faults) { return Shape<T>::read(in, out, path, faults); }
template <class T>
json::value write(const T& v) { return Shape<T>::write(v); }
template <class T>
json::object schema(Components& components) { return Shape<T>::schema(components); }

inline bool fault(Faults& faults, const std::string& path, Code code) {
  faults.push_back({path, code});
  return false;
}

template <>
struct Shape<bool> {
  static bool read(const json::value& in, bool& out, const std::string& path, Faults& f) {
    if (!in.is_bool()) return fault(f, path, Code::field_type);
    out = in.get_bool();
    return true;
  }
  static json::value write(bool v) { return v; }
  static json::object schema(Components&) { return {{"type", "boolean"}}; }
};

template <class T>
  requires(std::is_integral_v<T> && !std::is_same_v<T, bool>)
struct Shape<T> {
  static bool read(const json::value& in, T& out, const std::string& path, Faults& f) {
    json::error_code ec;
    out = in.to_number<T>(ec);
    return !ec || fault(f, path, Code::field_type);
  }
  static json::value write(T v) { return v; }
  static json::object schema(Components&) { return {{"type", "integer"}, {"format", "int64"}}; }
};

template <>
struct Shape<double> {
  static bool read(const json::value& in, double& out, const std::string& path, Faults& f) {
    if (!in.is_number()) return fault(f, path, Code::field_type);
    out = in.to_number<double>();
    return std::isfinite(out) || fault(f, path, Code::field_range);  // "1e999" is read as infinity, which JSON cannot say
  }
  static json::value write(double v) { return v; }
  static json::object schema(Components&) { return {{"type", "number"}}; }
};

template <std::int64_t Min, std::int64_t Max>
struct Shape<Whole<Min, Max>> {
  static bool read(const json::value& in, Whole<Min, Max>& out, const std::string& path, Faults& f) {
    if (!Shape<std::int64_t>::read(in, out.value, path, f)) return false;
    return (out.value >= Min && out.value <= Max) || fault(f, path, Code::field_range);
  }
  static json::value write(Whole<Min, Max> v) { return v.value; }
  static json::object schema(Components&) { return {{"type", "integer"}, {"minimum", Min}, {"maximum", Max}}; }
};

/// Free text of our own making (output only by convention; inputs use Text).
template <>
struct Shape<std::string> {
  static bool read(const json::value& in, std::string& out, const std::string& path, Faults& f) {
    if (!in.is_string()) return fault(f, path, Code::field_type);
    out = in.get_string();
    return true;
  }
  static json::value write(const std::string& v) { return json::value(v); }
  static json::object schema(Components&) { return {{"type", "string"}}; }
};

template <std::size_t Min, std::size_t Max, Lines L>
struct Shape<Text<Min, Max, L>> {
  static bool read(const json::value& in, Text<Min, Max, L>& out, const std::string& path, Faults& f) {
    if (!in.is_string()) return fault(f, path, Code::field_type);
    Code why{};
    auto t = Text<Min, Max, L>::from(in.get_string(), &why);
    if (!t) return fault(f, path, why);
    out = std::move(*t);
    return true;
  }
  static json::value write(const Text<Min, Max, L>& v) { return json::value(v.str()); }
  static json::object schema(Components&) { return {{"type", "string"}, {"minLength", Min}, {"maxLength", Max}}; }
};

template <class Tag>
struct Shape<Id<Tag>> {
  static bool read(const json::value& in, Id<Tag>& out, const std::string& path, Faults& f) {
    auto id = in.is_string() ? id_from_text<Tag>(in.get_string()) : std::nullopt;
    if (!id) return fault(f, path, Code::field_type);
    out = *id;
    return true;
  }
  static json::value write(const Id<Tag>& v) { return json::value(to_text(v)); }
  static json::object schema(Components&) { return {{"type", "string"}, {"format", "uuid"}}; }
};

namespace detail {
/// Types with one text form.
template <class T, auto Parse>
struct TextForm {
  static bool read_as(const json::value& in, T& out, const std::string& path, Faults& f, Code code) {
    auto v = in.is_string() ? Parse(in.get_string()) : std::nullopt;
    if (!v) return fault(f, path, code);
    out = *v;
    return true;
  }
};
}  // namespace detail

template <>
struct Shape<Instant> {
  static bool read(const json::value& in, Instant& out, const std::string& path, Faults& f) {
    return detail::TextForm<Instant, instant_from_text>::read_as(in, out, path, f, Code::field_time);
  }
  static json::value write(Instant v) { return json::value(to_text(v)); }
  static json::object schema(Components&) { return {{"type", "string"}, {"format", "date-time"}}; }
};
template <>
struct Shape<SchoolDate> {
  static bool read(const json::value& in, SchoolDate& out, const std::string& path, Faults& f) {
    return detail::TextForm<SchoolDate, date_from_text>::read_as(in, out, path, f, Code::field_date);
  }
  static json::value write(SchoolDate v) { return json::value(to_text(v)); }
  static json::object schema(Components&) { return {{"type", "string"}, {"format", "date"}}; }
};
template <>
struct Shape<WallTime> {
  static bool read(const json::value& in, WallTime& out, const std::string& path, Faults& f) {
    return detail::TextForm<WallTime, wall_time_from_text>::read_as(in, out, path, f, Code::field_time);
  }
  static json::value write(WallTime v) { return json::value(to_text(v)); }
  static json::object schema(Components&) { return {{"type", "string"}, {"pattern", "^([01][0-9]|2[0-3]):[0-5][0-9]$"}}; }
};
template <>
struct Shape<Base64> {
  static bool read(const json::value& in, Base64& out, const std::string& path, Faults& f) {
    auto v = in.is_string() ? from_base64(in.get_string()) : std::nullopt;
    if (!v) return fault(f, path, Code::field_type);
    out.bytes = std::move(*v);
    return true;
  }
  static json::value write(const Base64& v) { return json::value(to_base64(v.bytes)); }
  static json::object schema(Components&) { return {{"type", "string"}, {"contentEncoding", "base64"}}; }
};

/// Names of an enumeration; a trailing underscore (C++ keywords) is not part of the name.
template <DescribedEnum E>
std::string_view enum_name(E value) {
  std::string_view out;
  mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto d) {
    if (d.value == value) out = d.name;
  });
  if (out.ends_with('_')) out.remove_suffix(1);
  return out;
}
template <DescribedEnum E>
std::optional<E> enum_value(std::string_view name) {
  std::optional<E> out;
  mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto d) {
    std::string_view n = d.name;
    if (n.ends_with('_')) n.remove_suffix(1);
    if (n == name) out = d.value;
  });
  return out;
}

template <DescribedEnum E>
struct Shape<E> {
  static bool read(const json::value& in, E& out, const std::string& path, Faults& f) {
    auto v = in.is_string() ? enum_value<E>(in.get_string()) : std::nullopt;
    if (!v) return fault(f, path, Code::field_choice);
    out = *v;
    return true;
  }
  static json::value write(E v) { return json::value(enum_name(v)); }
  static json::object schema(Components&) {
    json::array names;
    mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto d) { names.push_back(json::value(enum_name(d.value))); });
    return {{"type", "string"}, {"enum", std::move(names)}};
  }
};

template <class T>
struct Shape<std::optional<T>> {
  static bool read(const json::value& in, std::optional<T>& out, const std::string& path, Faults& f) {
    out.reset();
    if (in.is_null()) return true;
    T v{};
    if (!contract::read(in, v, path, f)) return false;
    out = std::move(v);
    return true;
  }
  static json::value write(const std::optional<T>& v) { return v ? contract::write(*v) : json::value(nullptr); }
  static json::object schema(Components& c) {
    return {{"anyOf", json::array{contract::schema<T>(c), json::object{{"type", "null"}}}}};
  }
};

template <class T, std::size_t Max, class Container>
struct ListShape {
  static bool read(const json::value& in, Container& out, const std::string& path, Faults& f) {
    if (!in.is_array()) return fault(f, path, Code::field_type);
    if (in.get_array().size() > Max) return fault(f, path, Code::field_too_long);
    bool good = true;
    for (std::size_t i = 0; i < in.get_array().size(); ++i) {
      T v{};
      good = contract::read(in.get_array()[i], v, path + "." + std::to_string(i), f) && good;
      out.push_back(std::move(v));
    }
    return good;
  }
  static json::value write(const Container& v) {
    json::array out;
    out.reserve(v.size());
    for (const auto& e : v) out.push_back(contract::write(static_cast<const T&>(e)));
    return out;
  }
  static json::object schema(Components& c) {
    json::object out = {{"type", "array"}, {"items", contract::schema<T>(c)}};
    if (Max < 1'000'000) out["maxItems"] = Max;
    return out;
  }
};
template <class T>
struct Shape<std::vector<T>> : ListShape<T, 1'000'000, std::vector<T>> {};
template <class T, std::size_t Max>
struct Shape<List<T, Max>> : ListShape<T, Max, List<T, Max>> {};

/// Keyed by a name, e.g. a column mapping.
template <class T>
struct Shape<std::map<std::string, T>> {
  static bool read(const json::value& in, std::map<std::string, T>& out, const std::string& path, Faults& f) {
    if (!in.is_object()) return fault(f, path, Code::field_type);
    if (in.get_object().size() > 200) return fault(f, path, Code::field_too_long);
    bool good = true;
    for (const auto& [k, v] : in.get_object()) good = contract::read(v, out[std::string(k)], path + "." + std::string(k), f) && good;
    return good;
  }
  static json::value write(const std::map<std::string, T>& v) {
    json::object out;
    for (const auto& [k, e] : v) out[k] = contract::write(e);
    return out;
  }
  static json::object schema(Components& c) { return {{"type", "object"}, {"additionalProperties", contract::schema<T>(c)}}; }
};

template <>
struct Shape<json::object> {  // free-form output
  static bool read(const json::value& in, json::object& out, const std::string& path, Faults& f) {
    if (!in.is_object()) return fault(f, path, Code::field_type);
    out = in.get_object();
    return true;
  }
  static json::value write(const json::object& v) { return v; }
  static json::object schema(Components&) { return {{"type", "object"}}; }
};

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

/// A member's name in the contract: a trailing underscore (C++ keywords) is not part of it.
constexpr std::string_view member_name(const char* name) {
  std::string_view out = name;
  if (out.ends_with('_')) out.remove_suffix(1);
  return out;
}

/// The struct's name without its namespaces.
template <class T>
std::string type_name() {
  std::string_view full = __PRETTY_FUNCTION__;  // "... [with T = xinyi::schedule::BookSlot; ...]"
  full.remove_prefix(full.find("T = ") + 4);
  full = full.substr(0, full.find_first_of(";]"));
  if (const auto at = full.rfind("::"); at != std::string_view::npos) full.remove_prefix(at + 2);
  return std::string(full);
}

template <Described T>
struct Shape<T> {
  static bool read(const json::value& in, T& out, const std::string& path, Faults& faults) {
    if (!in.is_object()) return fault(faults, path.empty() ? "body" : path, Code::field_type);
    const auto& object = in.get_object();
    const auto at = [&](std::string_view name) { return path.empty() ? std::string(name) : path + "." + std::string(name); };
    bool good = true;
    std::size_t known = 0;
    mp11::mp_for_each<Members<T>>([&](auto d) {
      using M = std::remove_reference_t<decltype(out.*d.pointer)>;
      constexpr auto name = member_name(d.name);
      if (const auto* v = object.if_contains(name)) {
        ++known;
        good = contract::read(*v, out.*d.pointer, at(name), faults) && good;
      } else if constexpr (!IsOptional<M>::value && !std::is_same_v<M, bool>) {
        good = fault(faults, at(name), Code::field_missing);
      }
    });
    if (known != object.size())
      for (const auto& member : object) {
        const std::string_view key = member.key();  // named: clang 14 captures no structured binding
        bool found = false;
        mp11::mp_for_each<Members<T>>([&](auto d) { found = found || key == member_name(d.name); });
        if (!found) good = fault(faults, at(key.substr(0, 60)), Code::field_unknown);
      }
    return good;
  }
  static json::value write(const T& v) {
    json::object out;
    mp11::mp_for_each<Members<T>>([&](auto d) { out.emplace(member_name(d.name), contract::write(v.*d.pointer)); });
    return out;
  }
  static json::object schema(Components& components) {
    const auto name = type_name<T>();
    if (!components.contains(name)) {
      components[name] = {};
      json::object properties;
      json::array required;
      mp11::mp_for_each<Members<T>>([&](auto d) {
        using M = std::remove_reference_t<decltype(std::declval<T&>().*d.pointer)>;
        properties.emplace(member_name(d.name), contract::schema<M>(components));
        if constexpr (!IsOptional<M>::value && !std::is_same_v<M, bool>) required.push_back(json::value(member_name(d.name)));
      });
      components[name] = {{"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}, {"additionalProperties", false}};
    }
    return {{"$ref", "#/components/schemas/" + name}};
  }
};

/// The JSON value of a body. Refusal(malformed) when it is none, is nested deeper than 16, or names a member twice: two
/// readers could understand such a body differently.
json::value parse_strict(std::string_view body);

/// Parses a whole body; throws Refusal(malformed) or Refusal(invalid_input) naming every field at fault.
template <class T>
T parse_body(std::string_view body) {
  const auto value = parse_strict(body);
  T out{};
  Faults faults;
  if (!read(value, out, "", faults)) {
    Problem p;
    p.code = Code::invalid_input;
    if (faults.size() > 50) faults.resize(50);
    p.fields = std::move(faults);
    throw Refusal(std::move(p));
  }
  return out;
}

}  // namespace contract
}  // namespace xinyi
