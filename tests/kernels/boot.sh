# shellcheck shell=bash disable=SC2154 # sourced by ./run
# A kernel and its root in QEMU: no network device, the console and the lines of ./trials each to a file, a bounded time.

# Seconds that all trials may take in a guest that is emulated on a busy machine.
longest=5400
# Seconds after which KVM does not work: it needs two.
kvm_patience=30

# machine KERNEL ACCELERATOR SECONDS APPENDED: runs it to its end.
machine() {
    local kernel=$1 accelerator=$2 patience=$3 append=$4
    timeout "$patience" qemu-system-x86_64 -accel "$accelerator" -cpu max -smp 2 -m 1536 -nic none -display none \
        -no-reboot -kernel "$kernel"/boot/vmlinuz-* -initrd "$kernel/initramfs" \
        -append "console=ttyS0 loglevel=4 panic=-1 $append" \
        -serial "file:$kernel/console" -serial "file:$kernel/serial" </dev/null >"$kernel/qemu.log" 2>&1 &
    # Not in the foreground: who ends this script ends the guest.
    wait $!
}

# Whether this machine's KVM boots a guest to its end: /dev/kvm may be there, and every guest hang.
kvm_works() {
    [ -w /dev/kvm ] && machine "$1" kvm "$kvm_patience" lameduck.probe && grep -q probed "$1/serial"
}

# Boots it and waits for its end; leaves the trials' lines in $kernel/lines.
boot() {
    local kernel=$1 try follower slow=10
    : >"$kernel/lines"
    if [ -z "${ACCELERATOR:-}" ]; then
        ACCELERATOR=tcg
        if kvm_works "$kernel"; then ACCELERATOR=kvm; fi
        echo "the guests run by $ACCELERATOR" >&2
    fi
    [ "$ACCELERATOR" != kvm ] || slow=1
    # Emulated, one boot in four of some kernels panics before init.
    for try in 1 2; do
        echo "booting ${kernel##*/}" >&2
        : >"$kernel/serial"
        tail -n +1 -f --pid=$$ "$kernel/serial" >&2 &
        follower=$!
        machine "$kernel" "$ACCELERATOR" "$longest" "lameduck.slow=$slow" || true
        kill "$follower"
        tr -d '\r' <"$kernel/serial" | grep -P '\t' >"$kernel/lines" || true
        # The last line of init: it went through to its end.
        if grep -q '^all tried' "$kernel/serial"; then return 0; fi
        if grep -q '^begun' "$kernel/serial"; then return 1; fi
        mv "$kernel/console" "$kernel/console.$try"
    done
    return 1
}
