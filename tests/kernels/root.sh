# shellcheck shell=bash disable=SC2154 # sourced by ./run, which sets here, repo, kept, only and lameduck
# The guest's root: lameduck, Python, two servers and little else, as an initramfs.

# The Python of the guest and of --here: one that other users can run too.
python=/usr/bin/python3
[ -x "$python" ] || python=$(command -v python3)

# gunicorn and waitress, of the versions that the tests have, without an environment around them: they are Python alone.
install_servers() {
    local wanted
    wanted=$(grep -E '^(gunicorn|packaging|waitress)==' "$repo/tests/servers/requirements.txt")
    if [ "$(cat "$1/wanted" 2>/dev/null)" != "$wanted" ]; then
        rm -rf "$1"
        # shellcheck disable=SC2086 # a word a package
        python3 -m pip install --quiet --no-deps --target "$1" $wanted
        cp "$repo/tests/servers/app.py" "$repo/tests/servers/pattern.py" "$1"
        echo "$wanted" >"$1/wanted"
    fi
}

# Copies programs and libraries, with the libraries that they need, to where they are here.
with_libraries() {
    local root=$1 file library
    shift
    for file; do
        mkdir -p "$root${file%/*}"
        cp -Lu "$file" "$root$file"
        for library in $(ldd "$file" 2>/dev/null | grep -o '/[^ ]*'); do
            mkdir -p "$root${library%/*}"
            cp -Lu "$library" "$root$library"
        done
    done
}

# The modules that lameduck may ask for: sock_diag's and nftables', with all that they may need.
copy_modules() {
    local kernel=$1 root=$2 release part
    release=$(basename "$kernel"/lib/modules/*)
    for part in net/core net/ipv4 net/ipv6 net/mptcp net/netfilter net/netlink net/unix lib crypto arch/x86/crypto; do
        [ ! -d "$kernel/lib/modules/$release/kernel/$part" ] ||
            (cd "$kernel" && find "lib/modules/$release/kernel/$part" -name '*.ko*' -print0 | cpio -0pdm --quiet "$root")
    done
    cp "$kernel/lib/modules/$release"/modules.{builtin,builtin.modinfo,order} "$root/lib/modules/$release"
    find "$root/lib/modules" -name '*.ko.xz' -exec xz --decompress {} +
    depmod --basedir "$root" "$release"
}

# Makes $kernel/initramfs. Not compressed: QEMU reads it faster than a slow guest unpacks it.
make_root() {
    local kernel=$1 root=$1/root library
    rm -rf "$root"
    mkdir -p "$root"/usr/{bin,sbin,lib,lib64} "$root"/{proc,sys,dev,tmp,etc,root}
    # Merged as Debian's own.
    local folder
    for folder in bin sbin lib lib64; do ln -s "usr/$folder" "$root/$folder"; done
    with_libraries "$root" /bin/busybox /bin/bash /usr/bin/env /usr/bin/setpriv "$(command -v modprobe)" "$python"
    library=$("$python" -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')
    (cd / && find "${library#/}" \( -name test -o -name idlelib -o -name 'config-*' -o -name dist-packages -o -name site-packages \) \
        -prune -o -print0 | cpio -0pdm --quiet "$root")
    with_libraries "$root" "$library"/lib-dynload/*.so
    # Not where it is here: the guest mounts over /tmp.
    with_libraries "$root" "$lameduck"
    cp "$lameduck" "$root/usr/bin/lameduck"
    # Not on the kernel's command line: it has blanks.
    echo "$only" >"$root/only"
    cp -r "$kept/servers" "$root/servers"
    cp "$here"/{init,trials,line.py} "$root/"
    "$python" -m compileall -q "$root/servers"
    printf 'root:x:0:0::/root:/bin/sh\nuser:x:1000:1000::/tmp:/bin/sh\n' >"$root/etc/passwd"
    copy_modules "$kernel" "$root"
    (cd "$root" && find . -print0 | cpio -0o --format newc --owner 0:0 --quiet) >"$kernel/initramfs"
    rm -rf "$root"
}
