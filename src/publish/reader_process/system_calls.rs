//! Owns the system calls that the reader process keeps: to read files, to use its pipes, to have memory and threads, and to end.
//! All others fail, those of future kernels too.
//! Must not know what is read.

use std::collections::BTreeMap;

use seccompiler::SeccompCmpOp::MaskedEq;
use seccompiler::{BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCondition, SeccompFilter, SeccompRule};

/// The calls that are allowed whatever their arguments.
const ALLOWED: [i64; 47] = [
    // Open files and pipes. Nothing is opened for writing.
    libc::SYS_read,
    libc::SYS_pread64,
    libc::SYS_readv,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_lseek,
    libc::SYS_close,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_faccessat,
    libc::SYS_readlinkat,
    libc::SYS_getdents64,
    libc::SYS_getcwd,
    libc::SYS_fadvise64,
    libc::SYS_dup,
    libc::SYS_fcntl,
    libc::SYS_ppoll,
    // Memory.
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_membarrier,
    // Threads. `clone3`, whose flags no filter can read, is answered as if this kernel did not have it; the C library then takes
    // `clone`.
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_gettid,
    libc::SYS_getpid,
    // Time and chance.
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_getrandom,
    libc::SYS_uname,
    libc::SYS_sysinfo,
    // Signals of its own, and its end.
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_getuid,
    libc::SYS_geteuid,
];

/// The calls of older programs that this processor has beside those above.
#[cfg(target_arch = "x86_64")]
const OLDER: [i64; 5] = [libc::SYS_stat, libc::SYS_lstat, libc::SYS_access, libc::SYS_readlink, libc::SYS_poll];
#[cfg(not(target_arch = "x86_64"))]
const OLDER: [i64; 0] = [];

/// A call, an argument of it, the bits of the argument that are looked at, and their value.
type Limited = (i64, u8, u64, u64);

/// The calls that are allowed with some arguments.
fn limited() -> [Limited; 6] {
    let flags = |flags: i32| u64::from(flags.cast_unsigned());
    let writing = flags(libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC);
    let thread = flags(libc::CLONE_THREAD);
    [
        (libc::SYS_openat, 2, writing, 0),
        (libc::SYS_clone, 0, thread, thread),
        (libc::SYS_mmap, 2, flags(libc::PROT_EXEC), 0),
        (libc::SYS_mprotect, 2, flags(libc::PROT_EXEC), 0),
        // It ends itself and no other process.
        (libc::SYS_tgkill, 0, flags(-1), u64::from(std::process::id())),
        // A limit is asked for, not set: the pointer to a new one is null.
        (libc::SYS_prlimit64, 2, u64::MAX, 0),
    ]
}

/// Allows this thread, and those that it starts, no other system calls. Others fail with ENOSYS.
///
/// # Errors
/// Returns why the system cannot do that.
pub fn keep_only_reading() -> Result<(), String> {
    let architecture = std::env::consts::ARCH.try_into().map_err(|_| "not for this processor".to_owned())?;
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = ALLOWED.into_iter().chain(OLDER).map(|call| (call, Vec::new())).collect();
    for (call, argument, bits, value) in limited() {
        let rule = SeccompCondition::new(argument, SeccompCmpArgLen::Qword, MaskedEq(bits), value)
            .and_then(|condition| SeccompRule::new(vec![condition]));
        rules.insert(call, vec![rule.map_err(|error| error.to_string())?]);
    }
    let refused = SeccompAction::Errno(libc::ENOSYS.cast_unsigned());
    let filter = SeccompFilter::new(rules, refused, SeccompAction::Allow, architecture).map_err(|error| error.to_string())?;
    let program: BpfProgram = filter.try_into().map_err(|error: BackendError| error.to_string())?;
    seccompiler::apply_filter(&program).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::io::Read;
    use std::net::TcpListener;
    use std::os::unix::net::UnixStream;
    use std::process::Command;
    use std::thread;

    use super::keep_only_reading;

    #[test]
    fn a_thread_with_these_calls_reads_and_does_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let file = folder.path().join("a.csv");
        fs::write(&file, "code\n").expect("a file can be written");
        // The filter holds for this thread and its own only.
        let limited = thread::spawn(move || {
            keep_only_reading().expect("this system has seccomp");
            let mut text = String::new();
            File::open(&file).and_then(|mut open| open.read_to_string(&mut text)).expect("files are read");
            assert_eq!(text, "code\n");
            assert_eq!(thread::spawn(|| 1).join().expect("threads start"), 1);
            assert_eq!(vec![0_u8; 64 << 20].len(), 64 << 20, "there is memory");
            let rights = fs::metadata(&file).expect("it is there").permissions();
            let attempts = [
                ("another file", File::create(file.with_extension("new")).is_ok()),
                ("more in a file", File::options().append(true).open(&file).is_ok()),
                ("an empty file", File::options().write(true).truncate(true).open(&file).is_ok()),
                ("no file", fs::remove_file(&file).is_ok()),
                ("another name", fs::rename(&file, file.with_extension("new")).is_ok()),
                ("other rights", fs::set_permissions(&file, rights).is_ok()),
                ("the network", TcpListener::bind("127.0.0.1:0").is_ok()),
                ("a socket", UnixStream::pair().is_ok()),
                ("another program", Command::new("/bin/true").status().is_ok()),
                ("another process's end", rustix::process::test_kill_process(rustix::process::Pid::INIT).is_ok()),
            ];
            let made: Vec<_> = attempts.iter().filter(|(_, succeeded)| *succeeded).map(|(what, _)| *what).collect();
            assert_eq!(made, Vec::<&str>::new());
        });
        limited.join().expect("all holds");
        assert_eq!(fs::read_to_string(folder.path().join("a.csv")).expect("it is there"), "code\n");
        assert!(File::create(folder.path().join("b.csv")).is_ok(), "other threads are not limited");
    }
}
