// SPDX-License-Identifier: BSL-1.0
//
// Takes away the names that net/async/yield.h gave; may be included any number of times.
#undef reenter
#undef yield
#undef fork
