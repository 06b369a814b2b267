package configs

// Backup says where copies go by themselves.
type Backup struct {
	// Register is a folder, on another disk or machine than the data, to which the
	// register of erasures is copied at each: a backup that is restored needs the
	// newest. "" for nowhere.
	Register string `yaml:"register" json:"register"`
}
