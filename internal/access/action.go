package access

import "slices"

// Action is a deed that a policy can permit. Its text is stable: policies, custody entries and scripts name it.
type Action string

// The actions, by concept.
const (
	AccountSignIn          Action = "account.sign_in"
	AccountSignOut         Action = "account.sign_out"
	AccountChangePassword  Action = "account.change_password"
	AccountConfirmPassword Action = "account.confirm_password"
	AccountList            Action = "account.list"
	AccountCreate          Action = "account.create"
	AccountResetPassword   Action = "account.reset_password"
	AccountUnlock          Action = "account.unlock"
	AccountDisable         Action = "account.disable"
	RoleGrant              Action = "role.grant"
	RoleRevoke             Action = "role.revoke"
	TokenList              Action = "token.list"
	TokenCreate            Action = "token.create"
	TokenRevoke            Action = "token.revoke"

	OrgView            Action = "org.view"
	OrgEditDepartment  Action = "org.edit_department"
	OrgEditPerson      Action = "org.edit_person"
	OrgEditCertificate Action = "org.edit_certificate"
	OrgImport          Action = "org.import"

	DeviceList     Action = "device.list"
	DeviceRegister Action = "device.register"
	DeviceEdit     Action = "device.edit"
	DeviceIssue    Action = "device.issue"
	DeviceReturn   Action = "device.return"
	DeviceImport   Action = "device.import"

	CardOpen     Action = "card.open"
	CardClose    Action = "card.close"
	UploadCreate Action = "upload.create"
	UploadAppend Action = "upload.append"
	UploadDrop   Action = "upload.discard"
	ReceiptFetch Action = "receipt.fetch"
	ClearOrder   Action = "clear.order"
	ClearFetch   Action = "clear.fetch"
	ClearReport  Action = "clear.report"

	RecordingSeal       Action = "recording.seal"
	RecordingAdopt      Action = "recording.adopt"
	RecordingProbe      Action = "recording.probe"
	RecordingVerify     Action = "recording.verify"
	RecordingScan       Action = "recording.scan"
	RecordingList       Action = "recording.list"
	RecordingView       Action = "recording.view"
	RecordingExport     Action = "recording.export"
	RecordingCertify    Action = "recording.certify"
	RecordingSaveView   Action = "recording.save_view"
	RecordingRemoveView Action = "recording.remove_view"
	RecordingSetLayout  Action = "recording.set_layout"
	RecordingAssign     Action = "recording.assign"
	RecordingReturnNote Action = "recording.return_note"
	RecordingDesignate  Action = "recording.designate"
	InboxList           Action = "inbox.list"
	InboxResolve        Action = "inbox.resolve"

	ViewingAsk        Action = "viewing.ask"
	ViewingDecide     Action = "viewing.decide"
	ViewingWithdraw   Action = "viewing.withdraw"
	ViewingRevoke     Action = "viewing.revoke"
	ViewingExpire     Action = "viewing.expire"
	ViewingList       Action = "viewing.list"
	ViewingView       Action = "viewing.view"
	LookOpen          Action = "look.open"
	LookWatch         Action = "look.watch"
	LookClose         Action = "look.close"
	LookGrab          Action = "look.grab"
	RecordingRegister Action = "recording.register"
	MarkAdd           Action = "mark.add"
	MarkStrike        Action = "mark.strike"
	RegisterList      Action = "register.list"
	RegisterConfirm   Action = "register.confirm"
	RegisterExport    Action = "register.export"

	// CaseExport is taking a whole case away as one package, on a consented request.
	CaseExport Action = "case.export"

	DerivativeWant  Action = "derivative.want"
	DerivativeMake  Action = "derivative.make"
	DerivativeRetry Action = "derivative.retry"

	CaseOpen       Action = "case.open"
	CaseListExport Action = "case.list_export"
	CaseFindParty  Action = "case.find_party"
	CaseSweep      Action = "case.sweep"
	CaseList       Action = "case.list"
	CaseView       Action = "case.view"
	CaseEdit       Action = "case.edit"
	CaseFilm       Action = "case.film"
	CaseAssign     Action = "case.assign"
	CaseAdvance    Action = "case.advance"
	CaseTurn       Action = "case.turn"
	CaseWaive      Action = "case.waive"
	CaseArchive    Action = "case.archive"
	PaperDraft     Action = "paper.draft"
	PaperSubmit    Action = "paper.submit"
	PaperDecide    Action = "paper.decide"
	PaperSign      Action = "paper.sign"
	PaperServe     Action = "paper.serve"

	DutyList  Action = "duty.list"
	DutyWaive Action = "duty.waive"

	LogView     Action = "log.view"
	LogExport   Action = "log.export"
	LogNewEpoch Action = "log.new_epoch"

	SettingView    Action = "setting.view"
	SettingAdopt   Action = "setting.adopt"
	EditionView    Action = "edition.view"
	EditionDraft   Action = "edition.draft"
	EditionEdit    Action = "edition.edit"
	EditionDiscard Action = "edition.discard"
	EditionAdopt   Action = "edition.adopt"
	HealthView     Action = "health.view"
	HealthDiagnose Action = "health.diagnose"
	FsckRun        Action = "fsck.run"
	ScrubRun       Action = "scrub.run"
	ScrubFind      Action = "scrub.find"
	SystemInit     Action = "system.init"

	WitnessAdd Action = "witness.add"

	BackupRun     Action = "backup.run"
	BackupDrill   Action = "backup.drill"
	BackupRestore Action = "backup.restore"

	KeyRotate Action = "key.rotate"

	MoveDatabase Action = "move.database"
	MoveVault    Action = "move.vault"
)

// Actions lists every action.
func Actions() []Action {
	return slices.Concat(actions(), markingActions, loanActions, lookupActions, handedActions, redactionActions, disclosureActions, discActions, personsActions, activityActions)
}

func actions() []Action {
	return []Action{
		AccountSignIn, AccountSignOut, AccountChangePassword, AccountConfirmPassword, AccountList, AccountCreate, AccountResetPassword,
		AccountUnlock, AccountDisable, RoleGrant, RoleRevoke, TokenList, TokenCreate, TokenRevoke,
		OrgView, OrgEditDepartment, OrgEditPerson, OrgEditCertificate, OrgImport,
		DeviceList, DeviceRegister, DeviceEdit, DeviceIssue, DeviceReturn, DeviceImport,
		CardOpen, CardClose, UploadCreate, UploadAppend, UploadDrop, ReceiptFetch, ClearOrder, ClearFetch, ClearReport,
		RecordingSeal, RecordingAdopt, RecordingProbe, RecordingVerify, RecordingScan, RecordingList, RecordingView, RecordingExport, RecordingCertify,
		RecordingSaveView, RecordingRemoveView, RecordingSetLayout,
		RecordingAssign, RecordingReturnNote, RecordingDesignate, InboxList, InboxResolve,
		ViewingAsk, ViewingDecide, ViewingWithdraw, ViewingRevoke, ViewingExpire, ViewingList, ViewingView, LookOpen, LookWatch, LookClose, LookGrab,
		RecordingRegister, MarkAdd, MarkStrike, RegisterList, RegisterConfirm, RegisterExport,
		CaseExport, DerivativeWant, DerivativeMake, DerivativeRetry,
		CaseOpen, CaseList, CaseView, CaseEdit, CaseFilm, CaseAssign, CaseAdvance, CaseTurn, CaseWaive, CaseArchive,
		CaseListExport, CaseFindParty, CaseSweep,
		PaperDraft, PaperSubmit, PaperDecide, PaperSign, PaperServe,
		DutyList, DutyWaive, LogView, LogExport, LogNewEpoch,
		EditionView, EditionDraft, EditionEdit, EditionDiscard, EditionAdopt,
		SettingView, SettingAdopt, HealthView, HealthDiagnose, FsckRun, ScrubRun, ScrubFind, SystemInit, KeyRotate,
		BackupRun, BackupDrill, BackupRestore, MoveDatabase, MoveVault, WitnessAdd,
	}
}
