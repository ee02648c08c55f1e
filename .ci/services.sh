#!/bin/sh
# Installs the Debian packages named, where it can (Debian, root), and starts none of their services. Where it cannot it says so in one line
# for each; the tests that need them are skipped with that reason.
set -eu

present() {
    case $1 in
        redis-server) command -v redis-server ;;
        postgresql) ls /usr/lib/postgresql/*/bin/initdb || command -v initdb ;;
        chromium) command -v chromium || command -v chromium-browser || command -v google-chrome ;;
        fonts-noto-cjk) ls /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc || { command -v fc-list && fc-list :lang=zh | grep -q . ; } ;;
        libapache2-mod-auth-openidc) ls /usr/lib/apache2/modules/mod_auth_openidc.so ;;
        libapache2-mod-auth-mellon) ls /usr/lib/apache2/modules/mod_auth_mellon.so ;;
        libapache2-mod-shib) ls /usr/lib/apache2/modules/mod_shib.so ;;
        shibboleth-sp-utils) ls /usr/sbin/shibd ;;
        *) command -v "$1" ;;
    esac >/dev/null 2>&1
}

missing=
for package in "$@"; do present "$package" || missing="$missing $package"; done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    for package in $missing; do echo "services: $package is missing; what needs it is left out (Debian: apt-get install $package)"; done
    exit 0
fi

# While this is here Debian's packages may not start what they install; the tests start their own, privately.
policy=/usr/sbin/policy-rc.d
if ! [ -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
    trap 'exit 130' INT TERM
fi

apt() { RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold -o DPkg::Lock::Timeout=120 "$@" </dev/null >/dev/null 2>"$errors"; }

echo "services: installing$missing"
errors=$(mktemp)
# The lists may be absent or too old to name a file that still exists: fetch them only then.
# shellcheck disable=SC2086 # the packages are separate words
if ! apt install -y --no-install-recommends $missing; then
    apt update || true
    apt install -y --no-install-recommends $missing || true
fi
for package in $missing; do
    present "$package" || echo "services: $package could not be installed; what needs it is left out ($(tail -n 1 "$errors"))"
done
rm -f "$errors"
