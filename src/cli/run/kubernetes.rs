//! What is asked of the Kubernetes API server, once the stop signal has come.
use crate::kubernetes::{Settings, Whoami};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// What is asked of the Kubernetes API server, once the stop signal has come.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Kubernetes")]
pub struct KubernetesArgs {
    /// Whether the lame duck waits until this pod is withdrawn from its Services' endpoints
    #[arg(long, env = "LAMEDUCK_WITHDRAWAL", value_name = "HOW", value_enum, default_value = "auto")]
    pub withdrawal: Withdrawal,

    /// The Services that send traffic to this pod; named, their endpoints alone are asked for [default: those of the
    /// namespace that have this pod]
    #[arg(long = "service", env = "LAMEDUCK_SERVICE", value_delimiter = ',')]
    #[arg(value_name = "NAME", value_parser = service)]
    pub services: Vec<String>,

    /// Whether this pod is read, for its deadline, whether it is being deleted at all, and what stands in front of it
    #[arg(long, env = "LAMEDUCK_OWN_POD", value_name = "HOW", value_enum, default_value = "leave")]
    pub own_pod: OwnPod,

    /// Whether Events on this pod and, with --own-pod read, on its owner (its ReplicaSet, its StatefulSet) tell how the drain
    /// went
    #[arg(long, env = "LAMEDUCK_EVENTS", value_name = "WHETHER", value_enum, default_value = "off")]
    pub events: Events,

    /// The directory with the service account's token, ca.crt and namespace
    #[arg(long, env = "LAMEDUCK_SERVICE_ACCOUNT", value_name = "DIRECTORY")]
    #[arg(default_value = "/var/run/secrets/kubernetes.io/serviceaccount")]
    pub service_account: PathBuf,

    /// This pod's name: metadata.name by the downward API [default: the host's name]
    #[arg(long, env = "LAMEDUCK_POD_NAME", value_name = "NAME")]
    pub pod_name: Option<String>,

    /// Its namespace: metadata.namespace [default: that of the service account]
    #[arg(long, env = "LAMEDUCK_POD_NAMESPACE", value_name = "NAME")]
    pub pod_namespace: Option<String>,

    /// Its unique id: metadata.uid [default: its name has to do]
    #[arg(long, env = "LAMEDUCK_POD_UID", value_name = "UID")]
    pub pod_uid: Option<String>,

    /// Its addresses: status.podIPs, for endpoints that name no pod [default: none]
    #[arg(long = "pod-ip", env = "LAMEDUCK_POD_IP", value_name = "IP", value_delimiter = ',')]
    pub pod_ips: Vec<std::net::IpAddr>,
}

/// Whether the withdrawal is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Withdrawal {
    /// In Kubernetes, where the service account may list and watch endpointslices
    Auto,
    /// Not asked for
    Off,
}

/// Whether the own pod is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OwnPod {
    /// It is read: the service account has to be allowed to get pods
    Read,
    /// It is left alone
    Leave,
}

/// Whether Events are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Events {
    /// They are: the service account has to be allowed to create events, and may then do so about any object of the
    /// namespace
    On,
    /// None is
    Off,
}

impl KubernetesArgs {
    /// What is to be asked and told; `None`: nothing.
    #[must_use]
    pub fn settings(&self, in_kubernetes: bool) -> Option<Settings> {
        let settings = self.all_settings();
        (in_kubernetes && (settings.withdrawal || settings.own_pod || settings.events)).then_some(settings)
    }

    /// The same, even if that is nothing.
    #[must_use]
    pub fn all_settings(&self) -> Settings {
        // A variable that is empty was meant to be filled in by somebody, and was not.
        let told = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        Settings {
            withdrawal: self.withdrawal == Withdrawal::Auto,
            services: self.services.clone(),
            own_pod: self.own_pod == OwnPod::Read,
            events: self.events == Events::On,
            service_account: self.service_account.clone(),
            whoami: Whoami {
                name: told(&self.pod_name),
                namespace: told(&self.pod_namespace),
                uid: told(&self.pod_uid),
                ips: self.pod_ips.clone(),
            },
        }
    }
}

/// A Service's name is a DNS label (RFC 1035), at most 63 bytes.
fn service(text: &str) -> Result<String, String> {
    let is_label = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if text.is_empty() || text.len() > 63 || !text.bytes().all(is_label) {
        return Err("a Service's name is its metadata.name, such as web".to_owned());
    }
    Ok(text.to_owned())
}
