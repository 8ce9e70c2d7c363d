//! What a person should know before contacts are sent for the first time.

/// Returns sentences without a capital letter and a full stop.
pub fn cautions(maps_email_consent: bool) -> Vec<&'static str> {
    let not_subscribed = "new contacts will not be subscribed: the export has no [consent.email]";
    // A contact that gets a tag may enter a segment, whatever `send_welcome_message` says.
    let automations = "the tag can start automations in Omnisend (\"Entered segment\") that send mail: check them before \
                       the first run";
    (!maps_email_consent).then_some(not_subscribed).into_iter().chain([automations]).collect()
}
