// The program.
#include <filesystem>
#include <iostream>

#include "app/commands.hpp"

int main(int argc, char** argv) {
  return xinyi::app::run({argv + 1, argv + argc}, nullptr, std::filesystem::current_path().string(), std::cout, std::cerr);
}
