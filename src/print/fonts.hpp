// Whether this machine can print at all. For the doctor.
#pragma once

namespace xinyi::print {

/// Noto Serif CJK SC, regular and bold, as Debian's fonts-noto-cjk brings it.
bool font_is_there();

}  // namespace xinyi::print
