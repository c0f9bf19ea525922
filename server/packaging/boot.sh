#!/usr/bin/env bash
# Becomes the systemd of the namespaces that it is started in: boot.sh SPACE FOLDER… The file system
# is this machine's, and keeps in memory what is written; the folders are there as they are, but may
# not be written to.
set -euo pipefail
space=$1
root=$space/root

mount --make-rprivate /
mount -t tmpfs tmpfs "$space"
mkdir "$root" "$space/written" "$space/work"
mount -t overlay overlay -o "lowerdir=/,upperdir=$space/written,workdir=$space/work" "$root"
# What lies on file systems of their own is not in the overlay.
for folder in "${@:2}"; do
  mount --bind "$folder" "$root$folder"
  mount -o remount,bind,ro "$root$folder"
done

# Images for containers forbid by it that a package starts its service.
rm -f "$root/usr/sbin/policy-rc.d"

mount -t proc proc "$root/proc"
# Of the kernel, which is this machine's, nothing may be set: systemd would begin with that.
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero full random urandom tty; do
  touch "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"

cd "$root"
mkdir .old
pivot_root . .old
umount --lazy .old
rmdir .old
exec env --ignore-environment container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin \
  setpriv --bounding-set=-sys_boot,-sys_module,-sys_rawio,-sys_time \
  /lib/systemd/systemd --system --unit=basic.target --log-target=console
