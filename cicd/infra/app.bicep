// The web app, running one image. Deployed by the stage `deploy`, after registry.bicep and main.bicep; deploying an earlier
// build's tag again is the way back.

@maxLength(10)
@description('Begins the name of every resource; small letters and digits.')
param name string = 'apron'

param location string = resourceGroup().location

@description('The build whose image runs.')
param imageTag string

@description('Where the customers are sent to.')
param customersApiUrl string

var suffix = uniqueString(resourceGroup().id)

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' existing = { name: '${name}-app' }
resource registry 'Microsoft.ContainerRegistry/registries@2023-07-01' existing = { name: '${name}${suffix}' }
resource network 'Microsoft.Network/virtualNetworks@2023-11-01' existing = {
  name: '${name}-network'
  resource appSubnet 'subnets' existing = { name: 'app' }
}
resource vault 'Microsoft.KeyVault/vaults@2023-07-01' existing = { name: '${name}-${suffix}' }
resource logs 'Microsoft.OperationalInsights/workspaces@2023-09-01' existing = { name: '${name}-logs' }
resource plan 'Microsoft.Web/serverfarms@2023-12-01' existing = { name: '${name}-plan' }

resource app 'Microsoft.Web/sites@2023-12-01' = {
  // checkov:skip=CKV_AZURE_17:Callers show a bearer token; no partner of the platform has client certificates.
  // checkov:skip=CKV_AZURE_212:The plan says how many instances: planInstances in main.bicep.
  // checkov:skip=CKV_AZURE_222:It is the public API.
  name: '${name}-${suffix}'
  location: location
  kind: 'app,linux,container'
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identity.id}': {} } }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    virtualNetworkSubnetId: network::appSubnet.id
    vnetRouteAllEnabled: true
    keyVaultReferenceIdentity: identity.id
    siteConfig: {
      linuxFxVersion: 'DOCKER|${registry.properties.loginServer}/apron:${imageTag}'
      acrUseManagedIdentityCreds: true
      acrUserManagedIdentityID: identity.properties.clientId
      healthCheckPath: '/api/readyz'
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
      alwaysOn: true
      remoteDebuggingEnabled: false
      detailedErrorLoggingEnabled: true
      httpLoggingEnabled: true
      requestTracingEnabled: true
      appSettings: [
        { name: 'WEBSITES_PORT', value: '3100' }
        { name: 'PORT', value: '3100' }
        { name: 'WEBSITES_ENABLE_APP_SERVICE_STORAGE', value: 'false' }
        { name: 'WEBSITES_CONTAINER_STOP_TIME_LIMIT', value: '30' }
        { name: 'WEBSITES_CONTAINER_START_TIME_LIMIT', value: '300' }
        { name: 'DATABASE_URL', value: '@Microsoft.KeyVault(VaultName=${vault.name};SecretName=database-url)' }
        { name: 'SECRET_KEY', value: '@Microsoft.KeyVault(VaultName=${vault.name};SecretName=secret-key)' }
        { name: 'API_TOKEN', value: '@Microsoft.KeyVault(VaultName=${vault.name};SecretName=api-token)' }
        { name: 'REQUIRE_TOKEN', value: 'true' }
        { name: 'HTTPS_ONLY', value: 'true' }
        // The front end forwards only the app's own host names; its health probes come with an address instead of a name.
        { name: 'ALLOWED_HOSTS', value: '*' }
        { name: 'CUSTOMERS_API_URL', value: customersApiUrl }
        { name: 'LOG_FORMAT', value: 'json' }
      ]
    }
  }

  resource noFtpPasswords 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource noScmPasswords 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }
}

resource toLogAnalytics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-log-analytics'
  scope: app
  properties: {
    workspaceId: logs.id
    logs: [
      { category: 'AppServiceConsoleLogs', enabled: true }
      { category: 'AppServiceHTTPLogs', enabled: true }
      { category: 'AppServicePlatformLogs', enabled: true }
    ]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output url string = 'https://${app.properties.defaultHostName}'
