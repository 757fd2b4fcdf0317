//! The pod that a service account's token is bound to, as the token itself tells (KEP-1205; privateClaims in
//! pkg/serviceaccount/claims.go). Tokens of old, and those of `kubectl create token`, are bound to none. Pure.
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

/// A pod.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Bound {
    /// Its name.
    pub name: String,
    /// Its unique id.
    pub uid: String,
}

#[derive(Deserialize)]
struct Claims {
    #[serde(rename = "kubernetes.io")]
    kubernetes: Private,
}

#[derive(Deserialize)]
struct Private {
    pod: Bound,
}

/// Reads it. The signature is the API server's affair.
pub fn bound(token: &str) -> Option<Bound> {
    // A JSON Web Signature has three parts; the second is what it says (RFC 7515, section 3.1).
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Claims = serde_json::from_slice(&claims).ok()?;
    Some(claims.kubernetes.pod)
}
