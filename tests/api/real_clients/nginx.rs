//! Owns a real nginx with a shipped configuration, in front of real servers. It ends with the test.
//! Must not know what a test checks.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::harness::{Signal, get, kill, scratch, until};

/// The program; Debian's package `nginx`.
const NGINX: &str = "nginx";

/// A running proxy in front of two servers.
pub struct Proxy {
    /// The address on which it listens.
    pub address: SocketAddr,
    folder: PathBuf,
    child: Child,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        kill(self.child.id(), Signal::TERM);
        _ = self.child.wait();
    }
}

/// Which of the shipped files is the main one, and the text of nginx's own.
#[derive(Clone, Copy, Debug)]
pub enum SetUp {
    /// `nginx.conf`, as docker-compose.yml starts it.
    Containers,
    /// `site.conf`, as Debian's nginx includes it.
    Systemd,
}

/// Both.
pub const SET_UPS: [SetUp; 2] = [SetUp::Containers, SetUp::Systemd];

/// Whether nginx is here; says so if not.
pub fn is_installed() -> bool {
    let found = Command::new(NGINX).arg("-v").stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    if !found {
        eprintln!(
            "skipped: nginx is not installed here (on Debian: apt-get install nginx), so the shipped configuration is not tried"
        );
    }
    found
}

/// A port that nothing listens on.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port is free").port()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("the folder is there").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a file can be copied");
        }
    }
}

/// Starts the shipped configuration in front of two servers. Only places and addresses are replaced.
pub fn start(set_up: SetUp, servers: [SocketAddr; 2]) -> Proxy {
    let (folder, port) = (scratch("nginx"), free_port());
    copy(Path::new("deploy/nginx"), &folder);
    let place = folder.to_str().expect("a path").to_owned();
    let read = |name: &str| fs::read_to_string(folder.join(name)).expect("the file is shipped");
    let main = match set_up {
        SetUp::Containers => read("nginx.conf")
            .replace("/tmp/", &format!("{place}/"))
            .replace("error_log stderr", &format!("error_log {place}/error.log"))
            .replace("/dev/stdout", &format!("{place}/access.log"))
            .replace("api-1:8080", &servers[0].to_string())
            .replace("api-2:8080", &servers[1].to_string())
            .replace("listen 8080", &format!("listen 127.0.0.1:{port}")),
        SetUp::Systemd => {
            let site = read("site.conf")
                .replace("/var/cache/nginx-reperes", &format!("{place}/cache"))
                .replace("/var/log/nginx/reperes.log", &format!("{place}/access.log"))
                .replace("127.0.0.1:8080", &servers[0].to_string())
                .replace("# server 192.0.2.2:8080", &format!("server {}", servers[1]))
                .replace("listen 80;", &format!("listen 127.0.0.1:{port};"))
                .replace("listen [::]:80;", "");
            fs::write(folder.join("site.conf"), site).expect("a file can be written");
            format!(
                "pid {place}/nginx.pid;\nerror_log {place}/error.log warn;\nevents {{}}\nhttp {{\nclient_body_temp_path {place}/body;\n\
                 proxy_temp_path {place}/proxy;\nfastcgi_temp_path {place}/f;\nuwsgi_temp_path {place}/u;\nscgi_temp_path {place}/s;\n\
                 gzip on;\ninclude site.conf;\n}}\n"
            )
        }
    };
    fs::write(folder.join("nginx.conf"), main).expect("a file can be written");
    // The account of Debian's package cannot enter the folder of the tests.
    let own = if rustix::process::getuid().is_root() { "daemon off; user root;" } else { "daemon off;" };
    let mut command = Command::new(NGINX);
    command.arg("-e").arg(folder.join("error.log")).arg("-c").arg(folder.join("nginx.conf")).args(["-g", own]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("nginx starts");
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let proxy = Proxy { address, folder, child };
    until(&format!("nginx with {set_up:?} listens: {}", proxy.log("error.log")), || TcpStream::connect(address).is_ok());
    proxy
}

impl Proxy {
    /// A log so far.
    pub fn log(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).unwrap_or_default()
    }

    /// Asks as another client does, and asserts that it notices nothing.
    pub fn serves_others(&self, why: &str) {
        for number in 1..=8 {
            let reply = get(self.address, &format!("/v1/territories?kind=region&limit={number}"));
            assert_eq!(reply.status, 200, "{why}: {}\n{}", reply.text(), self.log("error.log"));
        }
    }
}
