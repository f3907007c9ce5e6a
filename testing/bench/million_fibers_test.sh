#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
#
# million_fibers checks itself that every fiber ran and was found.
set -euo pipefail

"$1" 1000
