/* SPDX-License-Identifier: Apache-2.0 */
/* There are no limits to be raised. */
