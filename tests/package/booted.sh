# SPDX-License-Identifier: Apache-2.0
# The packages on a Debian that systemd boots, in a container of systemd-nspawn: the system's service, the timer and the
# user's service as systemd runs them, from their installation to their removal; then the same from the RPM.
# package.sh reads this file: ONE has the packages, NEWER newer ones, SOURCES and SUITE say where Debian is.

has_command systemd-nspawn || {
  skip 'run by systemd' 'no peer: systemd-nspawn (scripts/deps package)'
  return 0
}
machine=$WORK/machine
if ! printf '%s\n' "$sources" | mmdebstrap --quiet --variant=apt --skip=cleanup/apt \
  --include=systemd-sysv,dbus,dbus-user-session,libpam-systemd,openssl,autopkgtest,dpkg-dev,xz-utils,rpm \
  "$suite" "$machine" - >"$WORK/out" 2>&1; then
  skip 'run by systemd' "no Debian with systemd can be made here: $(tail -n 1 "$WORK/out")"
  return 0
fi
printf '127.0.0.1 localhost\n::1 localhost\n' >"$machine/etc/hosts"
mkdir "$machine/packages" "$machine/newer"
cp "$(deb_of daprcerts)" "$(deb_of daprcerts-sentry)" "$one"/*.dsc "$one"/*.tar.xz "$one"/*.rpm "$machine/packages/"
cp "$newer"/*.deb "$machine/newer/"
debs="/packages/$(basename "$(deb_of daprcerts)") /packages/$(basename "$(deb_of daprcerts-sentry)")"
# the machine has no network: what the packages depend on is fetched before
# shellcheck disable=SC2086  # lists of words
chroot "$machine" $install -d $debs >"$WORK/out" 2>&1 || sed 's/^/# /' "$WORK/out"
useradd --root "$machine" --create-home --shell /bin/sh someone

# a machine that systemd runs keeps a book of containers, which this one is not in either way
keep_unit=--keep-unit
[ ! -d /run/systemd/system ] || keep_unit=''
systemd-nspawn --quiet --directory="$machine" --boot --private-network $keep_unit --register=no --console=pipe \
  >"$WORK/boot.log" 2>&1 </dev/null &
nspawn=$!
trap 'kill -KILL $nspawn 2>/dev/null; wait $nspawn 2>/dev/null; rm -rf "$WORK"' EXIT
# booted COMMAND...: as root of the machine.
booted() {
  leader=$(pgrep -P $nspawn) && nsenter --target "$leader" --mount --pid --net --ipc --uts --cgroup --root --wd -- \
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"
}
# by_user COMMAND...: as an ordinary user of the machine, whose own systemd runs.
by_user() {
  booted setpriv --reuid someone --regid someone --init-groups env HOME=/home/someone XDG_RUNTIME_DIR=/run/user/1000 \
    sh -c 'cd && exec "$@"' sh "$@"
}
# until_true COMMAND...: waits for it, a minute at most.
until_true() {
  tries=0
  until "$@" >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 300 ] || return 1
    sleep 0.2
  done
}
runs() { case $(booted systemctl is-system-running --wait) in running | degraded) ;; *) return 1 ;; esac; }
if ! until_true runs; then
  skip 'run by systemd' "systemd does not boot in a container here: $(tail -n 1 "$WORK/boot.log")"
  return 0
fi
pass 'a Debian is booted by systemd'

# property NAME [UNIT]: of sentry's service, when it is not said.
property() { booted systemctl show --value --property "$1" "${2:-daprcerts-sentry.service}"; }
is_another() { another=$(property MainPID) && [ "${another:-0}" -ne 0 ] && [ "$another" -ne "$1" ] && [ "$(property ActiveState)" = active ]; }
signs() {
  booted setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=/ daprcerts issue web --dir /var/lib/daprcerts --sentry localhost:50001 --stdout
}

# --- Debian's own way of testing a package -----------------------------------------------------------------------------------
# shellcheck disable=SC2086  # lists of words
status 0 'autopkgtest' booted sh -c "cd /root && exec autopkgtest --user=someone --no-built-binaries $debs /packages/*.dsc -- null"
for test in main-job system-service; do
  check "$test passes there" grep -qx "$test  *PASS" "$WORK/out"
done
lacks "$WORK/out" 'systemd does not run here' 'the service was started by systemd'
booted dpkg-query -W -f '${db:Status-Status}\n' daprcerts-sentry | grep -qx installed ||
  # shellcheck disable=SC2086
  check 'daprcerts-sentry is installed' booted $install $debs
same '' "$(booted find /etc/systemd -name 'daprcerts*')" 'an installation enables nothing'

# --- the system's service --------------------------------------------------------------------------------------------------------
status 0 'the service is enabled and started' booted systemctl enable --now daprcerts-sentry.service daprcerts-rotate.timer
same 'active running' "$(property ActiveState) $(property SubState)" 'systemd was told that it is ready'
check 'a user of the machine gets a certificate' signs
pid=$(property MainPID)
booted cat "/proc/$pid/status" >"$WORK/status"
sentry_uid=$(booted id -u daprcerts)
check 'its user is the package'"'"'s' grep -q "^Uid:	$sentry_uid	$sentry_uid	$sentry_uid	$sentry_uid$" "$WORK/status"
same 'CapEff:	0000000000000000 NoNewPrivs:	1 Seccomp:	2' "$(sed -n '/^\(CapEff\|NoNewPrivs\|Seccomp\):/p' "$WORK/status" | paste -sd ' ')" \
  'without capabilities, new privileges and the system calls that it does not need'
status 1 'the key of the root is not to be seen there' booted nsenter --target "$pid" --mount cat /var/lib/daprcerts-root/ca.key
status 0 'a reload' booted systemctl reload daprcerts-sentry.service
same "$pid" "$(property MainPID)" 'is no restart'
status 0 'the rotation that the timer starts' booted systemctl start daprcerts-rotate.service
same 'success 3' "$(property Result daprcerts-rotate.service) $(property ExecMainStatus daprcerts-rotate.service)" 'has nothing to do, which is no failure'
check 'the timer has its next time' test "$(property NextElapseUSecRealtime daprcerts-rotate.timer)" != ''
booted kill -KILL "$pid"
check 'it comes back when it is killed' until_true is_another "$pid"
check 'and signs' signs
booted mkdir -p /run/systemd/system/daprcerts-sentry.service.d
booted sh -c 'printf "[Service]\nWatchdogSec=1\nRestartSec=0\n" >/run/systemd/system/daprcerts-sentry.service.d/soon.conf'
booted systemctl daemon-reload
booted systemctl restart daprcerts-sentry.service
pid=$(property MainPID)
booted kill -STOP "$pid"
check 'the watchdog replaces one that hangs' until_true is_another "$pid"
has_watchdog() { booted journalctl -b -u daprcerts-sentry.service -o cat | grep -q 'Watchdog timeout'; }
check 'which systemd says' until_true has_watchdog
check 'and it signs' signs
booted rm -r /run/systemd/system/daprcerts-sentry.service.d
booted systemctl daemon-reload
booted systemctl restart daprcerts-sentry.service
same 'success' "$(property Result)" 'a stop is an orderly end'

# --- a user's service ----------------------------------------------------------------------------------------------------------------
booted systemctl stop daprcerts-sentry.service # its port
booted loginctl enable-linger someone
booted systemctl start user@1000.service
status 0 "up has the user's systemd start sentry" by_user daprcerts up --json
has "$WORK/out" '"unit": "daprcerts-sentry.service"' 'which it tells'
same active "$(by_user systemctl --user is-active daprcerts-sentry.service)" 'systemd says so too'
user_signs() { by_user daprcerts issue web --sentry localhost:50001 --stdout; }
check 'a certificate' user_signs
status 0 'another up' by_user daprcerts up --json
has "$WORK/out" '"started": false' 'starts no other'
by_user systemctl --user kill -s KILL daprcerts-sentry.service
check 'it comes back when it is killed' until_true user_signs
status 0 "the user's rotation" by_user systemctl --user start daprcerts-rotate.service
status 0 'down' by_user daprcerts down
same inactive "$(by_user systemctl --user is-active daprcerts-sentry.service)" "stops the user's service"
status 1 'and nobody signs' user_signs
booted systemctl stop user@1000.service
booted systemctl start daprcerts-sentry.service

# --- a newer version, and none ----------------------------------------------------------------------------------------------------------
machine_state() { booted sh -c 'cd /var/lib && find daprcerts daprcerts-root -type f ! -name lock -exec cksum {} +' | sort; }
machine_state >"$WORK/before"
check 'there is a state' grep -q '/issuer\.key$' "$WORK/before"
pid=$(property MainPID)
# shellcheck disable=SC2086
check 'an upgrade while it serves' booted sh -c "exec $install /newer/*.deb"
check 'has it restarted' until_true is_another "$pid"
check 'and it signs' signs
check 'a removal while it serves' booted apt-get remove -q -y daprcerts daprcerts-sentry
same inactive "$(property ActiveState)" 'has it stopped'
check 'a purge' booted apt-get purge -q -y daprcerts daprcerts-sentry
same '' "$(booted find /etc /lib/systemd /usr/lib/systemd -path '*daprcerts*')" 'leaves no unit'
machine_state >"$WORK/after"
same '' "$(diff "$WORK/before" "$WORK/after")" 'and all of the state'

# --- the RPM ------------------------------------------------------------------------------------------------------------------------------
# Debian's rpm knows none of Debian's libraries, which the packages were built with: --nodeps. What Fedora's systemd does
# when such files come or go, its answer to a package that asks whether to enable its units, and its policy for TLS are
# said here.
booted rm -r /var/lib/daprcerts /var/lib/daprcerts-root
booted userdel daprcerts
mkdir -p "$machine/etc/systemd/system-preset" "$machine/etc/gnutls"
printf '[priorities]\nSYSTEM=NORMAL\n' >"$machine/etc/gnutls/config"
echo 'disable *' >"$machine/etc/systemd/system-preset/99-default.preset"
cat >"$machine/usr/lib/systemd/systemd-update-helper" <<'SH'
#!/bin/sh
what=$1
shift
case $what in
  install-system-units) systemd-sysusers && systemd-tmpfiles --create && systemctl daemon-reload && systemctl preset "$@" ;;
  remove-system-units) systemctl disable --now "$@" ;;
  mark-restart-system-units) systemctl daemon-reload && systemctl try-restart "$@" ;;
esac
SH
chmod 755 "$machine/usr/lib/systemd/systemd-update-helper"
rpms=$(for package in daprcerts daprcerts-sentry; do printf '/packages/%s ' "$(basename "$(rpm_of $package)")"; done)
# shellcheck disable=SC2086
check 'the RPMs are installed' booted rpm --force-debian --nodeps -i $rpms
same '' "$(booted find /etc/systemd -name 'daprcerts*')" 'and nothing is enabled'
status 0 'the service starts' booted systemctl start daprcerts-sentry.service
check 'and signs' signs
same "$(booted id -u daprcerts)" "$(booted stat -c %u /var/lib/daprcerts/issuer.key)" "the issuer's key is sentry's"
same '0 600' "$(booted stat -c '%u %a' /var/lib/daprcerts-root/ca.key)" "the root's key is root's"
booted sh -c 'echo "# mine" >>/etc/daprcerts/config.yaml'
machine_state >"$WORK/before"
pid=$(property MainPID)
# shellcheck disable=SC2086
check 'installed once more, as by an upgrade' booted rpm --force-debian --nodeps -U --force $rpms
check 'it is restarted' until_true is_another "$pid"
booted cat /etc/daprcerts/config.yaml >"$WORK/config"
has "$WORK/config" '# mine' 'the settings stay'
check 'it signs' signs
check 'the RPMs are removed' booted rpm --force-debian -e daprcerts daprcerts-sentry
same inactive "$(property ActiveState)" 'the service is stopped'
same '' "$(booted find /usr /lib/systemd -path '*daprcerts*')" 'no program stays'
machine_state >"$WORK/after"
same '' "$(diff "$WORK/before" "$WORK/after")" 'the state stays'

booted systemctl poweroff
wait $nspawn
same 0 $? 'the machine ends'
