// SPDX-License-Identifier: Apache-2.0

//go:build tools

package step

import _ "github.com/smallstep/cli/cmd/step"
