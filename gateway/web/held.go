package web

// Held is one thing that is held about a person.
type Held struct {
	What  string `json:"what" people:"read"`
	Where string `json:"where" people:"read"`
	Why   string `json:"why" people:"read"`
	Until string `json:"until" people:"read" doc:"For how long, in words."`
}

// holding is one row of the inventory: which fields of which records it is about. A test holds the rows against the records themselves.
type holding struct {
	fields []string
	Held
}

// Where things are held, and until when.
const (
	inState     = "state.db, sealed under your own key"
	inMemory    = "in memory, gone when the gateway stops"
	inLocks     = "state.db, sealed"
	inLog       = "the audit log, sealed under your own key"
	inLogClear  = "the audit log, by your id alone"
	withAccount = "until the account is deleted"
	withSession = "until the session ends: after 12 hours without use, after 7 days at most"
	withToken   = "until the token is revoked, or the account deleted"
	withAsking  = "an hour after it was given, a day after it was asked"
	withLock    = "a month after the lock has ended"
	withLog     = "until the audit log's contents are deleted by age, or you are forgotten after the account is deleted"
)

// inventory is everything that is held about a person who may sign in.
var inventory = []holding{
	{[]string{"person.name"}, Held{"User name", inState, "You sign in with it.", withAccount}},
	{[]string{"person.display"}, Held{"Name", inState, "It is shown to others instead of the user name.", withAccount}},
	{[]string{"person.password"}, Held{"Password, as an argon2id hash", inState, "To know you by it. The password itself is not kept.", withAccount}},
	{[]string{"person.grants"}, Held{"Rights: roles, cameras, hours", inState, "They decide what you may do.", withAccount}},
	{[]string{"person.disabled"}, Held{"Whether the account is disabled", inState, "Nobody signs in with a disabled account.", withAccount}},
	{[]string{"person.invite"}, Held{"Hash of an invitation and its end", inState, "You choose a password by it.", "until it is used, or replaced; it is good for 72 hours"}},
	{[]string{"person.created"}, Held{"When the account was made", inState, "To answer for who has access since when.", withAccount}},
	{[]string{"person.changed"}, Held{"When the password was changed", inState, "Browsers that knew the former one are not known again.", withAccount}},
	{[]string{"person.seen"}, Held{"When you signed in last", inState, "Accounts that nobody uses are found by it.", withAccount}},
	{[]string{"person.known"}, Held{"Networks from which you signed in, at most 16", inState, "An attack on your account from elsewhere does not keep you out.", "90 days after you signed in from there, or until you have them forgotten"}},
	{[]string{"person.factor"}, Held{"Secret of your authenticator, last code used, its clock, wrong codes; hashes of recovery codes", inState, "To check the code that you sign in with.", "until you remove the second factor"}},
	{[]string{"session.created", "session.seen"}, Held{"Sessions: when they began and were used last", inState, "To end them when they are not used.", withSession}},
	{[]string{"session.from"}, Held{"Sessions: the address that they began at", inState, "You see by it whether a session is yours.", withSession}},
	{[]string{"session.agent"}, Held{"Sessions: what the browser called itself", inState, "You see by it which browser a session is.", withSession}},
	{[]string{"token.kind", "token.name", "token.permissions", "token.cameras", "token.until"}, Held{"API tokens: name, scope and end", inState, "They decide what a program may do for you.", withToken}},
	{[]string{"token.digest"}, Held{"API tokens: hash of the secret", inState, "To know the token by it. The token itself is not kept.", withToken}},
	{[]string{"token.created", "token.by"}, Held{"API tokens: when they were made, and by whom", inState, "To answer for who made them.", withToken}},
	{[]string{"token.used", "token.from"}, Held{"API tokens: last use, and its address", inState, "You see by it whether a token is used, and by whom.", withToken}},
	{[]string{"approval.id", "approval.permission", "approval.camera", "approval.from", "approval.to", "approval.by", "approval.asked", "approval.until"}, Held{"What you asked another person to approve", inMemory, "The other person decides it.", withAsking}},
	{[]string{"approval.reason"}, Held{"Why you asked for it", inMemory, "The other person decides by it.", withAsking}},
	{[]string{"approval.state", "approval.decider", "approval.decided"}, Held{"Approvals: who decided, what and when", inMemory, "You may do what was approved.", withAsking}},
	{[]string{"reviewed.camera", "reviewed.day", "reviewed.events"}, Held{"Which events you have marked as reviewed", inState, "You see by it what you have still to look at. Nobody else sees it.", "until the events are gone, you take the mark away, or the account is deleted"}},
	{[]string{"lock.owner"}, Held{"Your id with footage that you have locked", inLocks, "To answer for who keeps footage.", withLock}},
	{[]string{"lock.reason"}, Held{"Why you have locked footage", inLocks, "To answer for why footage is kept.", withLock}},
	{[]string{"entry.personal.name"}, Held{"Your user name, with each thing that you did", inLog, "To answer for who did and saw what.", withLog}},
	{[]string{"entry.personal.address"}, Held{"Your address, with each thing that you did", inLog, "To see when an account is used from elsewhere.", withLog}},
	{[]string{"entry.personal.agent"}, Held{"What your browser called itself, with each thing that you did", inLog, "To see when an account is used by something else.", withLog}},
	{[]string{"entry.personal.subject"}, Held{"Your user name, with what others did to your account", inLog, "To answer for who changed whose rights.", withLog}},
	{[]string{"entry.person", "entry.kind", "entry.via"}, Held{"Your id, and the session or token, with each thing that you did", inLogClear, "What was done stays proven when your name is forgotten.", "until the audit log's contents are deleted by age"}},
}

// held is the inventory as it is told.
func (s *Server) held() []Held {
	list := make([]Held, 0, len(inventory))
	for _, h := range inventory {
		list = append(list, h.Held)
	}
	return list
}
