# shellcheck shell=bash disable=SC2154 # sourced by ./run, which sets kept
# Debian's packaged kernels: found, downloaded and unpacked, never installed.

# The suites that hold a kernel of this series, beside those that this machine is set up for.
other_suites() {
    case $1 in
        5.10) echo bullseye bullseye-security ;;
        6.1) echo bookworm bookworm-security ;;
        6.12) echo trixie trixie-security bookworm-backports ;;
        *) echo trixie-backports ;;
    esac
}

# The configured mirrors, without anything else: the first, and the first that names a security suite.
mirror_of() {
    local sources=(/etc/apt/sources.list.d/debian.sources /etc/apt/sources.list)
    # Both forms of sources.list(5), as lines of "URI SUITE".
    cat "${sources[@]}" 2>/dev/null | awk '
        $1 == "URIs:" { uri = $2 }
        $1 == "Suites:" { print uri, $2 }
        $1 == "deb" { sub(/^deb +(\[[^]]*\] +)?/, ""); print $1, $2 }' |
        awk -v security="$1" '($2 ~ /security/) == (security == "yes") { print $1; exit }'
}

# Makes apt work below $kept/apt/SERIES alone, with its own sources: the configured mirrors, other suites.
private_apt() {
    local series=$1 apt=$kept/apt/$1 suite mirror
    mkdir -p "$apt/lists/partial" "$apt/cache" "$apt/sources"
    for suite in $(other_suites "$series"); do
        case $suite in *security) mirror=$(mirror_of yes) ;; *) mirror=$(mirror_of no) ;; esac
        [ -z "$mirror" ] ||
            echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$apt/sources/$suite.list"
    done
    cat >"$apt/apt.conf" <<CONF
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$apt/sources";
Dir::State::lists "$apt/lists";
Dir::Cache "$apt/cache";
APT::Sandbox::User "root";
CONF
    export APT_CONFIG=$apt/apt.conf
    apt-get update -qq >"$apt/update.log" 2>&1 || sed 's/^/apt: /' "$apt/update.log" >&2
}

# The newest package of a series in the suites that apt looks at now.
newest() {
    apt-cache pkgnames "linux-image-$1." | grep -E '^linux-image-[0-9.]+([-+][a-z0-9.]+)?-cloud-amd64$' | sort -V | tail -1
}

# Prints the folder of the unpacked kernel: $kept/VERSION, with boot/ and lib/.
kernel_package() (
    series=$1
    name=$(newest "$series")
    if [ -z "$name" ]; then
        private_apt "$series"
        name=$(newest "$series")
    fi
    [ -n "$name" ] || return 1
    version=$(apt-cache show --no-all-versions "$name" | awk '$1 == "Version:" { print $2 }')
    kernel=$kept/$version
    if [ ! -e "$kernel/unpacked" ]; then
        mkdir -p "$kernel"
        cd "$kernel" || exit
        apt-get download -qq -o APT::Sandbox::User=root "$name" >&2
        dpkg-deb -x ./*.deb .
        rm ./*.deb
        # Since trixie modules are under usr.
        [ -d lib ] || mv usr/lib lib
        touch unpacked
    fi
    echo "$kernel"
)
