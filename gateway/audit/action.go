package audit

// The actions. They are part of the format: a word is never given another meaning.
const (
	ActionSignIn        = "sign-in"
	ActionSignInRefused = "sign-in.refused"
	ActionSignOut       = "sign-out"
	ActionSessionEnd    = "session.end" // somebody else's, or one's own from another place

	ActionLiveStart   = "live.start" // Session joins it with its end
	ActionLiveEnd     = "live.end"
	ActionPlayback    = "playback"      // From and To are the footage watched; where it is played in pieces, rounded to ten minutes, and to hours of single pictures
	ActionMotion      = "motion.search" // From and To are the footage looked through
	ActionSnapshot    = "snapshot"
	ActionScene       = "scene" // what a camera saw beside its pictures; From and To of what was recorded
	ActionFootageList = "footage.list"
	ActionExport      = "export"      // ordered; From and To are the footage taken, Session joins what becomes of it
	ActionExportDone  = "export.done" // After has the hash of the manifest, and who signed
	ActionExportTake  = "export.download"
	ActionExportStop  = "export.cancel"
	ActionExportDrop  = "export.remove" // of a finished one, also by itself, when it is too old
	ActionTalk        = "talk"          // a clip; or Session joins it with its end
	ActionTalkEnd     = "talk.end"
	ActionPTZ         = "ptz"
	ActionPTZChange   = "ptz.change" // presets, tours, the home position
	ActionImaging     = "imaging"    // of the picture
	ActionRelay       = "relay"
	ActionAuxiliary   = "auxiliary"
	ActionThermal     = "thermal"

	ActionEventRaise = "event.raise"
	ActionLockAdd    = "lock.add"
	ActionLockRemove = "lock.remove"
	ActionErase      = "erase"

	ActionCameraAdd     = "camera.add"
	ActionCameraChange  = "camera.change"
	ActionCameraRemove  = "camera.remove"
	ActionCameraReplace = "camera.replace" // another device took its place; Before and After say which
	ActionCameraSearch  = "camera.search"  // of addresses, or networks, that somebody chose; After says which
	ActionCameraFill    = "camera.fill"    // a gap was filled from the camera's own card, or somebody had that begun or stopped
	ActionCameraTrust   = "camera.trust"   // the certificate that it is known by was forgotten

	ActionSettingChange = "setting.change"
	ActionConfigReload  = "config.reload"
	ActionClockConfirm  = "clock.confirm"

	ActionVolumeAdd    = "volume.add"
	ActionVolumeDrain  = "volume.drain"
	ActionVolumeRemove = "volume.remove"
	ActionCheckStart   = "check.start"
	ActionCheckCancel  = "check.cancel"

	ActionKeysShown  = "keys.shown" // keys of footage
	ActionKeyConfirm = "key.confirm"
	ActionKeyRotate  = "key.rotate"
	ActionKeyUnlock  = "key.unlock"
	ActionKeyUse     = "key.use"

	ActionPersonCreate  = "person.create"
	ActionPersonInvite  = "person.invite"
	ActionPersonChange  = "person.change"
	ActionPersonDisable = "person.disable"
	ActionPersonDelete  = "person.delete"
	ActionPersonForget  = "person.forget"
	ActionRoleChange    = "role.change"
	ActionGroupChange   = "group.change"
	ActionPolicyChange  = "policy.change"

	ActionTokenCreate    = "token.create"
	ActionTokenRevoke    = "token.revoke"
	ActionPasswordChange = "password.change"
	ActionTOTPEnrol      = "totp.enrol"
	ActionTOTPRemove     = "totp.remove"

	ActionApprovalAsk    = "approval.ask"
	ActionApprovalGive   = "approval.give"
	ActionApprovalRefuse = "approval.refuse"
	ActionAccessRefused  = "access.refused"

	ActionAuditRead   = "audit.read"
	ActionAuditExport = "audit.export"

	// Of the log itself.
	ActionStart   = "start"
	ActionStop    = "stop"
	ActionLost    = "log.lost"    // After says how many entries were lost, and between when and when
	ActionPruned  = "log.pruned"  // After says whose contents were deleted by age
	ActionKeyNext = "log.key"     // After names the key that signs from here on
	ActionResumed = "log.resumed" // the log had failed, and is written again
)
