//! Servers as processes of their own, and what the kernel says of them.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A server under load.
pub struct Process {
    child: Child,
    pub address: String,
    /// Speaks `faxun.v1`; the references echo.
    pub faxun: bool,
}

impl Process {
    pub fn reference(kind: &str, data: &Path) -> Process {
        let me = std::env::current_exe().expect("this program");
        let mut command = Command::new(me);
        command.arg(kind).arg(data.join(kind));
        Process::start(command, false)
    }

    pub fn faxun(data: &Path, laws: Option<&Path>) -> Process {
        let dir = data.join("data");
        if let Some(laws) = laws {
            let mut import = Process::command(&dir);
            import
                .args(["laws", "import"])
                .arg(laws)
                .stdout(Stdio::null());
            assert!(
                import.status().expect("runs").success(),
                "statutes are imported"
            );
        }
        let mut command = Process::command(&dir);
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        Process::start(command, true)
    }

    /// The program on a data directory, without limits of messages.
    pub fn command(dir: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_faxun"));
        command
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .arg("--data")
            .arg(dir)
            .env("FAXUN_LOG__FILTER", "warn")
            .env("FAXUN_LIMITS__MESSAGES_PER_MINUTE", "0")
            .env("FAXUN_LIMITS__CONVERSATIONS_PER_MINUTE", "0");
        command
    }

    pub fn start(mut command: Command, faxun: bool) -> Process {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("starts");
        let stdout = child.stdout.take().expect("piped");
        let address = BufReader::new(stdout)
            .lines()
            .map_while(Result::ok)
            .find_map(|l| l.strip_prefix("listening on http://").map(str::to_owned));
        Process {
            child,
            address: address.expect("the server says where it listens"),
            faxun,
        }
    }

    /// User and system time so far, in seconds.
    pub fn cpu_s(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()));
        let stat = stat.unwrap_or_default();
        // Fields after the name in brackets: utime and stime are the 14th and 15th in all.
        let rest = stat.rsplit_once(") ").map_or("", |p| p.1);
        let mut fields = rest.split(' ').skip(11);
        let mut ticks = || {
            fields
                .next()
                .and_then(|f| f.parse::<f64>().ok())
                .unwrap_or(0.0)
        };
        (ticks() + ticks()) / rustix::param::clock_ticks_per_second() as f64
    }

    /// Resident memory, in bytes.
    pub fn resident_bytes(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"));
        let kib = line.and_then(|l| l.trim().trim_end_matches(" kB").parse::<f64>().ok());
        kib.unwrap_or(0.0) * 1024.0
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Statutes to be loaded, if there are any.
pub fn laws() -> Option<PathBuf> {
    if let Ok(file) = std::env::var("FAXUN_BENCH_LAWS") {
        return Some(PathBuf::from(file));
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/laws/statutes.jsonl.gz");
    file.exists().then_some(file)
}

/// Ten thousand sockets need as many open files, here and in the server, which inherits the limit.
pub fn raise_open_files(wanted: u64) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let now = getrlimit(Resource::Nofile);
    let maximum = now.maximum.map_or(wanted, |m| m.max(wanted));
    let limit = Rlimit {
        current: Some(wanted),
        maximum: Some(maximum),
    };
    if setrlimit(Resource::Nofile, limit).is_err() {
        eprintln!(
            "cannot raise the limit of open files to {wanted}: run `ulimit -n {wanted}` first"
        );
    }
}
