# SPDX-License-Identifier: Apache-2.0
dist_man_MANS += share/man/daprcerts-ca-init.1 share/man/daprcerts-issue.1
