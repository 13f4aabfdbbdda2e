<#
.SYNOPSIS
    Collects the rules of Windows Defender Firewall, joined with their filters, as one JSON document.

.DESCRIPTION
    Get-NetFirewallRule alone gives neither ports nor addresses nor programs: they are in seven filters of their own.
    This script reads all rules and all filters of one store in eight queries, joins them, adds the profiles with
    their default actions, the dynamic keyword addresses and the addresses of the interfaces, and writes what
    `flowright` reads as format `windows`.

    It only reads. It needs no module but those of Windows, and works with Windows PowerShell 5.1 and PowerShell 7.
    Run it elevated: without administrative rights Windows withholds most filters.

.PARAMETER Path
    The file to write. Without it, the document goes to the output.

.PARAMETER PolicyStore
    The store to read. ActiveStore, the default, is what the computer does: local rules and those of group policies
    together. A policy is named 'domain.example\Name of the policy'.

.PARAMETER AllowPartial
    Go on without administrative rights. What Windows withholds is left out of the document, and unknown to whoever
    reads it.

.EXAMPLE
    powershell -ExecutionPolicy Bypass -File collect.ps1 -Path fs01.json

.EXAMPLE
    Invoke-Command -ComputerName FS01, FS02 -FilePath collect.ps1 |
        ForEach-Object { Set-Content -Path "$($_.PSComputerName).json" -Value $_ -Encoding UTF8 }
#>
[CmdletBinding()]
param(
    [string] $Path,
    [string] $PolicyStore = 'ActiveStore',
    [switch] $AllowPartial
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

$warnings = New-Object System.Collections.Generic.List[string]

function Test-Elevated {
    $identity = [System.Security.Principal.WindowsIdentity]::GetCurrent()
    $principal = New-Object System.Security.Principal.WindowsPrincipal $identity
    return $principal.IsInRole([System.Security.Principal.WindowsBuiltInRole]::Administrator)
}

# The value of a property that older versions of Windows may not have.
function Get-Value($Object, [string] $Name) {
    if ($null -eq $Object) { return $null }
    $property = $Object.PSObject.Properties[$Name]
    if ($null -eq $property) { return $null }
    return $property.Value
}

# As text, whatever the language of Windows: the names of enumerations are never translated.
function ConvertTo-Text($Value) {
    if ($null -eq $Value) { return $null }
    if ($Value -is [array]) { return ((@($Value) | ForEach-Object { [string] $_ }) -join ', ') }
    return [string] $Value
}

function ConvertTo-List($Value) {
    $list = New-Object System.Collections.Generic.List[string]
    foreach ($item in @($Value)) {
        if ($null -ne $item) { $list.Add([string] $item) }
    }
    return , $list.ToArray()
}

# Everything of one kind in the store, by the id of the rule it belongs to; nothing where Windows withholds it.
function Get-FilterTable([string] $Command) {
    $table = @{}
    try {
        $filters = @(& $Command -PolicyStore $PolicyStore)
    }
    catch {
        $warnings.Add("$Command failed: $($_.Exception.Message)")
        return $null
    }
    if ($filters.Count -eq 0) {
        $warnings.Add("$Command gave nothing")
        return $null
    }
    foreach ($filter in $filters) {
        $id = [string] $filter.InstanceID
        # An id that two stores have does not tell whose filter it is: such rules are asked one by one.
        if ($table.ContainsKey($id)) { $table[$id] = $null } else { $table[$id] = $filter }
    }
    return $table
}

function Get-Filter($Table, [string] $Command, $Rule) {
    if ($null -eq $Table) { return $null }
    $id = [string] $Rule.InstanceID
    if ($Table.ContainsKey($id) -and $null -ne $Table[$id]) { return $Table[$id] }
    try {
        return @($Rule | & $Command)[0]
    }
    catch {
        $warnings.Add("$Command failed for $($id): $($_.Exception.Message)")
        return $null
    }
}

if (-not (Test-Elevated)) {
    if (-not $AllowPartial) {
        throw 'Run this from an elevated PowerShell: without administrative rights Windows withholds ports and addresses. (-AllowPartial goes on without them.)'
    }
    $warnings.Add('collected without administrative rights: filters are missing')
}

$ruleArguments = @{ PolicyStore = $PolicyStore }
# The trace tells which group policy a rule of the active store comes from.
if ($PolicyStore -eq 'ActiveStore') { $ruleArguments['TracePolicyStore'] = $true }
$allRules = @(Get-NetFirewallRule @ruleArguments)

$commands = [ordered] @{
    Port          = 'Get-NetFirewallPortFilter'
    Address       = 'Get-NetFirewallAddressFilter'
    Application   = 'Get-NetFirewallApplicationFilter'
    Service       = 'Get-NetFirewallServiceFilter'
    Interface     = 'Get-NetFirewallInterfaceFilter'
    InterfaceType = 'Get-NetFirewallInterfaceTypeFilter'
    Security      = 'Get-NetFirewallSecurityFilter'
}
$tables = @{}
foreach ($kind in $commands.Keys) { $tables[$kind] = Get-FilterTable $commands[$kind] }

$rules = New-Object System.Collections.Generic.List[object]
foreach ($rule in $allRules) {
    $filter = @{}
    foreach ($kind in $commands.Keys) { $filter[$kind] = Get-Filter $tables[$kind] $commands[$kind] $rule }

    $out = [ordered] @{
        Name                  = ConvertTo-Text $rule.Name
        DisplayName           = ConvertTo-Text $rule.DisplayName
        Description           = ConvertTo-Text $rule.Description
        Group                 = ConvertTo-Text $rule.Group
        Enabled               = ConvertTo-Text $rule.Enabled
        Profile               = ConvertTo-Text $rule.Profile
        Platform              = ConvertTo-List (Get-Value $rule 'Platform')
        Direction             = ConvertTo-Text $rule.Direction
        Action                = ConvertTo-Text $rule.Action
        EdgeTraversalPolicy   = ConvertTo-Text $rule.EdgeTraversalPolicy
        LooseSourceMapping    = ConvertTo-Text $rule.LooseSourceMapping
        LocalOnlyMapping      = ConvertTo-Text $rule.LocalOnlyMapping
        Owner                 = ConvertTo-Text (Get-Value $rule 'Owner')
        PolicyStoreSource     = ConvertTo-Text (Get-Value $rule 'PolicyStoreSource')
        PolicyStoreSourceType = ConvertTo-Text (Get-Value $rule 'PolicyStoreSourceType')
    }
    # What could not be read is left out: it is not known, and not "Any".
    if ($null -ne $filter.Port) {
        $out.Protocol = ConvertTo-Text $filter.Port.Protocol
        $out.LocalPort = ConvertTo-List $filter.Port.LocalPort
        $out.RemotePort = ConvertTo-List $filter.Port.RemotePort
        $out.IcmpType = ConvertTo-List $filter.Port.IcmpType
        $target = Get-Value $filter.Port 'DynamicTarget'
        if ($null -eq $target) { $target = Get-Value $filter.Port 'DynamicTransport' }
        $out.DynamicTarget = ConvertTo-Text $target
    }
    if ($null -ne $filter.Address) {
        $out.LocalAddress = ConvertTo-List $filter.Address.LocalAddress
        $out.RemoteAddress = ConvertTo-List $filter.Address.RemoteAddress
    }
    $out.RemoteDynamicKeywordAddresses = ConvertTo-List (Get-Value $rule 'RemoteDynamicKeywordAddresses')
    if ($null -ne $filter.Application) {
        $out.Program = ConvertTo-Text $filter.Application.Program
        $out.Package = ConvertTo-Text (Get-Value $filter.Application 'Package')
    }
    $out.PackageFamilyName = ConvertTo-Text (Get-Value $rule 'PackageFamilyName')
    $out.PolicyAppId = ConvertTo-Text (Get-Value $rule 'PolicyAppId')
    if ($null -ne $filter.Service) { $out.Service = ConvertTo-Text $filter.Service.Service }
    if ($null -ne $filter.Interface) { $out.InterfaceAlias = ConvertTo-List $filter.Interface.InterfaceAlias }
    if ($null -ne $filter.InterfaceType) { $out.InterfaceType = ConvertTo-Text $filter.InterfaceType.InterfaceType }
    if ($null -ne $filter.Security) {
        $out.LocalUser = ConvertTo-Text $filter.Security.LocalUser
        $out.RemoteUser = ConvertTo-Text $filter.Security.RemoteUser
        $out.RemoteMachine = ConvertTo-Text $filter.Security.RemoteMachine
        $out.Authentication = ConvertTo-Text $filter.Security.Authentication
        $out.Encryption = ConvertTo-Text $filter.Security.Encryption
        $out.OverrideBlockRules = ConvertTo-Text $filter.Security.OverrideBlockRules
    }
    $rules.Add($out)
}

$profiles = New-Object System.Collections.Generic.List[object]
foreach ($item in @(Get-NetFirewallProfile -PolicyStore $PolicyStore)) {
    $profiles.Add([ordered] @{
            Name                     = ConvertTo-Text $item.Name
            Enabled                  = ConvertTo-Text $item.Enabled
            DefaultInboundAction     = ConvertTo-Text $item.DefaultInboundAction
            DefaultOutboundAction    = ConvertTo-Text $item.DefaultOutboundAction
            AllowInboundRules        = ConvertTo-Text $item.AllowInboundRules
            AllowLocalFirewallRules  = ConvertTo-Text $item.AllowLocalFirewallRules
            DisabledInterfaceAliases = ConvertTo-List $item.DisabledInterfaceAliases
        })
}

# There since Windows 11 and Windows Server 2022.
$keywords = New-Object System.Collections.Generic.List[object]
if ($null -ne (Get-Command -Name 'Get-NetFirewallDynamicKeywordAddress' -ErrorAction SilentlyContinue)) {
    try {
        $keywordArguments = @{ All = $true }
        if (@('ActiveStore', 'PersistentStore') -notcontains $PolicyStore) { $keywordArguments['PolicyStore'] = $PolicyStore }
        foreach ($item in @(Get-NetFirewallDynamicKeywordAddress @keywordArguments)) {
            $keywords.Add([ordered] @{
                    Id          = ConvertTo-Text (Get-Value $item 'Id')
                    Keyword     = ConvertTo-Text (Get-Value $item 'Keyword')
                    AutoResolve = ConvertTo-Text (Get-Value $item 'AutoResolve')
                    Addresses   = ConvertTo-List (Get-Value $item 'Addresses')
                })
        }
    }
    catch {
        # A store without any is an error to the cmdlet; rules that name one show it as undefined.
        Write-Verbose "Get-NetFirewallDynamicKeywordAddress: $($_.Exception.Message)"
    }
}

$interfaces = New-Object System.Collections.Generic.List[object]
if ($null -ne (Get-Command -Name 'Get-NetIPAddress' -ErrorAction SilentlyContinue)) {
    try {
        foreach ($group in @(Get-NetIPAddress | Group-Object -Property InterfaceAlias)) {
            $addresses = @($group.Group | ForEach-Object { "$(([string] $_.IPAddress).Split('%')[0])/$($_.PrefixLength)" })
            $interfaces.Add([ordered] @{ InterfaceAlias = $group.Name; Addresses = ConvertTo-List $addresses })
        }
    }
    catch {
        $warnings.Add("Get-NetIPAddress failed: $($_.Exception.Message)")
    }
}

$document = [ordered] @{
    schema          = 'flowright.windows-firewall/1'
    computer        = [ordered] @{
        name    = [System.Environment]::MachineName
        windows = [System.Environment]::OSVersion.Version.ToString()
    }
    collected       = [System.DateTime]::UtcNow.ToString('yyyy-MM-ddTHH:mm:ssZ', [System.Globalization.CultureInfo]::InvariantCulture)
    policyStore     = $PolicyStore
    profiles        = $profiles.ToArray()
    interfaces      = $interfaces.ToArray()
    dynamicKeywords = $keywords.ToArray()
    warnings        = $warnings.ToArray()
    rules           = $rules.ToArray()
}

# ConvertTo-Json cuts off below its depth without an error: this document has four levels.
$json = ConvertTo-Json -InputObject $document -Depth 8
if ($Path) {
    $target = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Path)
    [System.IO.File]::WriteAllText($target, $json, (New-Object System.Text.UTF8Encoding $false))
    Write-Host "$($rules.Count) rules of $PolicyStore written to $target"
}
else {
    $json
}
